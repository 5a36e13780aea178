import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Alert, Checkbox, Form, Tag, Typography } from 'antd'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { answer, province } from '../../api/client'
import type { components } from '../../api/province.gen'

type Found = components['schemas']['CustomerLookAlikesView']

const pause = 300

/** What the form of a customer says about others that may be the same company. */
export interface Confirmation {
  /** Stands below the name and follows what is typed there. */
  note: ReactNode
  /** How many others the person has said not to be this one. */
  confirmed: () => number
}

/** except: the customer that is edited, with the name that it has. */
export function useLookAlikes(except?: { id: number; name: string }): Confirmation {
  const confirmed = useRef(0)
  const confirm = useCallback((count: number) => {
    confirmed.current = count
  }, [])
  return {
    note: <LookAlikes except={except} onConfirm={confirm} />,
    confirmed: () => confirmed.current,
  }
}

interface Props {
  except?: { id: number; name: string }
  onConfirm: (count: number) => void
}

function LookAlikes({ except, onConfirm }: Props) {
  const form = Form.useFormInstance<{ name?: string; creditCode?: string }>()
  const name = Form.useWatch('name', form)?.trim() ?? ''
  const creditCode = Form.useWatch('creditCode', form)?.trim() ?? ''
  const [asked, setAsked] = useState({ name: '', creditCode: '' })
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ name, creditCode }), pause)
    return () => clearTimeout(timer)
  }, [name, creditCode])
  const changed = asked.name !== (except?.name ?? '')
  const { data } = useQuery({
    queryKey: ['look-alikes', asked, except?.id],
    queryFn: ({ signal }) =>
      answer(province.GET('/api/customers/look-alikes', { params: { query: { ...asked, except: except?.id } }, signal })),
    enabled: changed || asked.creditCode !== '',
    placeholderData: keepPreviousData,
  })
  // An edit that keeps the name has nothing to confirm.
  const found = changed ? data : data && { ...data, items: data.items.filter((c) => c.sameCode), nearEqual: 0, hidden: 0 }
  return (
    <div role="status">
      {found && (found.nearEqual > 0 || found.codeTaken) && (
        <Warning key={`${asked.name} ${found.nearEqual}`} found={found} onConfirm={onConfirm} />
      )}
    </div>
  )
}

function Warning({ found, onConfirm }: { found: Found; onConfirm: (count: number) => void }) {
  const { t } = useTranslation()
  useEffect(() => () => onConfirm(0), [onConfirm]) // another name, another question
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBlock: 4 }}
      data-testid="look-alikes"
      data-near={found.nearEqual}
      title={found.codeTaken ? t('lookAlike.codeTaken') : t('lookAlike.title', { count: found.nearEqual })}
      description={
        <>
          <ul style={{ margin: 0, padding: 0, listStyle: 'none', maxHeight: 180, overflowY: 'auto' }}>
            {found.items.map((c) => (
              <li key={c.id} className="related">
                <Link to={`/customers/${c.id}`} target="_blank" data-testid={`look-alike-${c.number}`}>
                  {c.name}
                </Link>{' '}
                {c.sameCode && <Tag color="error">{t('lookAlike.sameCode')}</Tag>}
                {c.former && <Tag>{t('lookAlike.former', { name: c.matched })}</Tag>}
                <Typography.Text type="secondary">
                  {[c.number, c.cityName, c.class, t(`lifecycle.${c.lifecycle}`), c.managerName].filter(Boolean).join(' · ')}
                </Typography.Text>
              </li>
            ))}
          </ul>
          {found.hidden > 0 && <div>{t('lookAlike.hidden', { count: found.hidden })}</div>}
          {found.nearEqual > 0 && !found.codeTaken && (
            <Checkbox onChange={(e) => onConfirm(e.target.checked ? found.nearEqual : 0)} data-testid="look-alikes-confirm">
              {t('lookAlike.confirm')}
            </Checkbox>
          )}
        </>
      }
    />
  )
}
