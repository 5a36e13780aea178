import { Radio } from 'antd'
import { useTranslation } from 'react-i18next'
import { kinds, type Kind } from './kinds'

/** Chooses the kind of reference data that a page shows. */
export function KindChoice({ kind, onChange }: { kind: Kind; onChange: (kind: Kind) => void }) {
  const { t } = useTranslation()
  return (
    <Radio.Group
      aria-label={t('referenceData.kind')}
      value={kind}
      onChange={(event) => onChange(event.target.value as Kind)}
      style={{ display: 'flex', flexWrap: 'wrap', marginBottom: 16 }}
    >
      {kinds.map((k) => (
        <Radio.Button key={k} value={k}>
          <span data-testid={`reference-kind-${k}`}>{t(`referenceKind.${k}`)}</span>
        </Radio.Button>
      ))}
    </Radio.Group>
  )
}
