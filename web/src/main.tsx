import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './frame/App'
import './frame/page.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
