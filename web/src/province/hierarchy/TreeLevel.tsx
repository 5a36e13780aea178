import { DownOutlined, RightOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Loaded } from '../../frame/Outcome'
import { useFormats } from '../../language/formats'
import { useAmount } from '../../language/useAmount'
import { useUrlState } from '../../urlstate/urlState'
import { childrenQuery, treeParts, type TreeNode } from './hierarchy'
import { useMembers } from './useMembers'

const indent = { listStyle: 'none', margin: 0, paddingInlineStart: 12 }

/** The customers directly below one, page by page; what is below them is asked for when it is opened. */
export function TreeLevel({ page, parent }: { page: number; parent: number }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const query = useInfiniteQuery(childrenQuery(page, parent))
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const nodes = pages.flatMap((p) => p.items)
        const { total = 0, hidden = 0 } = pages.at(-1) ?? {}
        return (
          <ul style={indent} data-testid={`tree-level-${parent}`}>
            {nodes.map((node) => (
              <Branch key={node.id} page={page} node={node} />
            ))}
            {query.hasNextPage && (
              <li>
                <Button
                  type="link"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                  data-testid={`tree-more-${parent}`}
                >
                  {t('hierarchy.more', { count: integer(total - nodes.length) })}
                </Button>
              </li>
            )}
            {hidden > 0 && (
              <li>
                <Typography.Text type="secondary">{t('hierarchy.levelHidden', { count: integer(hidden) })}</Typography.Text>
              </li>
            )}
          </ul>
        )
      }}
    </Loaded>
  )
}

function Branch({ page, node }: { page: number; node: TreeNode }) {
  const { t } = useTranslation()
  const { integer } = useFormats()
  const amount = useAmount()
  const members = useMembers()
  const [{ opened }, change] = useUrlState(treeParts)
  const open = opened.includes(node.id)
  const { rollup } = node
  return (
    <li>
      <div style={{ display: 'flex', gap: 8, alignItems: 'baseline', paddingBlock: 4 }}>
        {rollup.levels > 1 ? (
          <Button
            size="small"
            type="text"
            icon={open ? <DownOutlined aria-hidden /> : <RightOutlined aria-hidden />}
            aria-expanded={open}
            aria-label={t('hierarchy.open', { name: node.name })}
            onClick={() => change({ opened: open ? opened.filter((id) => id !== node.id) : [...opened, node.id] }, true)}
            data-testid={`tree-open-${node.id}`}
          />
        ) : (
          <span style={{ flex: '0 0 24px' }} />
        )}
        <div className="related">
          <Link to={`/customers/${node.id}`}>{node.name}</Link> <Tag>{node.class}</Tag>
          <Typography.Text type="secondary">
            {t('hierarchy.figures', {
              customers: integer(rollup.customers), members: members(rollup),
              income: amount(rollup.incomeFen), arrears: amount(rollup.arrearsFen),
            })}
          </Typography.Text>
        </div>
      </div>
      {open && <TreeLevel page={page} parent={node.id} />}
    </li>
  )
}
