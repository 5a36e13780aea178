import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  // The node replaces this by a fresh nonce in every answer (internal/portal/static.go).
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2023',
    // Read by scripts/size.mjs; only index.html and assets are embedded into the binary.
    manifest: true,
    // The policy of the page allows no data: scripts or styles, and files are served compressed.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  server: {
    // A node of `jike demo`, or another one.
    proxy: { '/api': { target: process.env.JIKE_NODE ?? 'http://127.0.0.1:8591' } },
    fs: { allow: ['..'] },
  },
  test: {
    environment: 'happy-dom',
    // The tests leave nothing behind, so they can share one page.
    isolate: false,
    maxWorkers: 1,
    include: ['src/**/*.test.{ts,tsx}'],
    env: { TZ: 'Asia/Shanghai' },
  },
})
