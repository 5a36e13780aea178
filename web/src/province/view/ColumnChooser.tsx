import { ArrowDownOutlined, ArrowUpOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { attributesQuery } from '../attribute/attributes'
import { columnOf } from '../customer/customers'
import { useColumnNames } from './useColumnNames'
import { columnKeys, usualColumns } from './views'

/** Chooses the columns of the list and their order; none is the usual ones. */
export function ColumnChooser({ value, onChange }: { value: string[]; onChange: (columns: string[]) => void }) {
  const { t } = useTranslation()
  const nameOf = useColumnNames()
  const attributes = useQuery(attributesQuery).data?.items ?? []
  const all: string[] = [...columnKeys, ...attributes.filter((a) => !a.retired).map((a) => columnOf(a.code))]
  const chosen: string[] = value.length > 0 ? value : usualColumns
  const choose = (columns: string[]) => onChange(columns.join() === usualColumns.join() ? [] : columns)
  const move = (from: number, to: number) => {
    const columns = [...chosen]
    columns.splice(to, 0, ...columns.splice(from, 1))
    choose(columns)
  }
  return (
    <>
      <Typography.Paragraph type="secondary">{t('view.columnsHint')}</Typography.Paragraph>
      <ul style={{ listStyle: 'none', margin: 0, padding: 0 }} data-testid="column-chooser">
        {[...chosen, ...all.filter((key) => !chosen.includes(key))].map((key, i) => {
          const shown = i < chosen.length
          return (
            <li key={key} style={{ display: 'flex', alignItems: 'center', gap: 8, minHeight: 36 }}>
              <Checkbox
                checked={shown}
                disabled={shown && chosen.length === 1}
                onChange={() => choose(shown ? chosen.filter((k) => k !== key) : [...chosen, key])}
                style={{ flex: 1 }}
                data-testid={`column-${key}`}
              >
                {nameOf(key)}
              </Checkbox>
              {shown && (
                <>
                  <Button
                    size="small"
                    icon={<ArrowUpOutlined aria-hidden />}
                    aria-label={t('view.up', { name: nameOf(key) })}
                    disabled={i === 0}
                    onClick={() => move(i, i - 1)}
                    data-testid={`column-up-${key}`}
                  />
                  <Button
                    size="small"
                    icon={<ArrowDownOutlined aria-hidden />}
                    aria-label={t('view.down', { name: nameOf(key) })}
                    disabled={i === chosen.length - 1}
                    onClick={() => move(i, i + 1)}
                    data-testid={`column-down-${key}`}
                  />
                </>
              )}
            </li>
          )
        })}
      </ul>
      <Button onClick={() => onChange([])} disabled={value.length === 0} style={{ marginTop: 12 }} data-testid="columns-usual">
        {t('view.usualColumns')}
      </Button>
    </>
  )
}
