import { useTranslation } from 'react-i18next'
import { useFormats } from '../../language/formats'
import type { Rollup } from './hierarchy'

/** Writes how many members the file has, and how many BOSS counts where that is another number. */
export function useMembers() {
  const { t } = useTranslation()
  const { integer } = useFormats()
  return ({ members, stated }: Rollup) =>
    stated === members ? integer(members) : t('hierarchy.membersStated', { members: integer(members), stated: integer(stated) })
}
