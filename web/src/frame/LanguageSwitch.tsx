import { GlobalOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Language } from '../language/language'
import { useLanguage } from '../language/LanguageProvider'

// Each language is offered in its own name, so that it is found by who cannot read the page.
const other: Record<Language, { language: Language; name: string; tag: string }> = {
  zh: { language: 'en', name: 'English', tag: 'en' },
  en: { language: 'zh', name: '中文', tag: 'zh-CN' },
}

export function LanguageSwitch({ onChoose }: { onChoose: (language: Language) => void }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { language: next, name, tag } = other[language]
  return (
    <Button
      icon={<GlobalOutlined aria-hidden />}
      onClick={() => onChoose(next)}
      title={t('language.switch')}
      data-testid="language-switch"
      data-language={next}
    >
      <span lang={tag}>{name}</span>
    </Button>
  )
}
