import { SearchOutlined } from '@ant-design/icons'
import { Button, Grid } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Destination } from '../frame/Frame'
import type { Search } from './find'

const SearchDialog = lazy(() => import('./SearchDialog'))

interface Props {
  pages: Destination[]
  search: Search
}

/** Opens the search over everything, as Ctrl+K (⌘K) does on every page. */
export function SearchButton({ pages, search }: Props) {
  const { t } = useTranslation()
  const wide = Grid.useBreakpoint().md
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.isComposing || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'k') return
      event.preventDefault() // the browser's own
      setOpen(true)
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
  return (
    <>
      <Button icon={<SearchOutlined aria-hidden />} aria-label={wide ? undefined : t('search.title')} aria-keyshortcuts="Control+K" onClick={() => setOpen(true)} data-testid="search-open">
        {wide && `${t('search.title')} Ctrl+K`}
      </Button>
      {open && (
        <Suspense>
          <SearchDialog pages={pages} search={search} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
