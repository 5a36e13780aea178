import { Link } from 'react-router-dom'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../language/LanguageProvider'
import { provinceName, provinces } from '../../reference/provinces'
import { shadeOf, tiles } from './tiles'
import './map.css'

interface Props {
  label: string
  /** The value of each province that has one. */
  values: Map<number, number>
  /** How a value reads on its tile, and to who cannot see it. */
  short: (value: number) => string
  long: (value: number) => string
  linkOf: (province: number) => string
}

/** The provinces as tiles about where they lie: darker is more, and each leads to its figures. */
export function ProvinceMap({ label, values, short, long, linkOf }: Props) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const all = [...values.values()]
  return (
    <ul className="province-map" aria-label={label} data-testid="province-map">
      {provinces.map(({ carrier }) => {
        const { column, row, letters } = tiles[carrier]!
        const name = provinceName(carrier, language)
        const value = values.get(carrier)
        const place = { gridColumn: column, gridRow: row }
        return (
          <li key={carrier} style={place}>
            {value === undefined ? (
              <span className="tile" aria-label={`${name}${t('timeline.colon')}${t('dashboard.nothing')}`} role="img">
                {language === 'zh' ? name : letters}
              </span>
            ) : (
              <Link
                to={linkOf(carrier)}
                className="tile"
                style={shadeOf(value, all)}
                aria-label={`${name}${t('timeline.colon')}${long(value)}`}
                title={`${name} ${long(value)}`}
                data-testid={`tile-${carrier}`}
              >
                {language === 'zh' ? name : letters}
                <span className="figure">{short(value)}</span>
              </Link>
            )}
          </li>
        )
      })}
    </ul>
  )
}
