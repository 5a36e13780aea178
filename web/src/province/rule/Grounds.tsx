import { useTranslation } from 'react-i18next'
import { useRuleWords, type Why } from './rules'

/** By which rule something was decided, and what held. */
export function Grounds({ why }: { why: Why }) {
  const { t } = useTranslation()
  const words = useRuleWords()
  return (
    <>
      <div>{t('rule.by', { version: why.version, line: why.line })}</div>
      <ul style={{ margin: 0, paddingInlineStart: 20 }}>
        {why.held.map((h, i) => (
          <li key={i}>{words.held(h)}</li>
        ))}
      </ul>
    </>
  )
}
