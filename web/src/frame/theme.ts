import type { ThemeConfig } from 'antd'

/** Whether the person wants nothing to move. */
export const stillness = window.matchMedia('(prefers-reduced-motion: reduce)').matches

/** Colours with a contrast of at least 4.5 to 1 on white and on the page's grey (WCAG 2.1 AA). */
export const theme: ThemeConfig = {
  token: {
    colorPrimary: '#0958d9',
    colorLink: '#0958d9',
    colorInfo: '#0958d9',
    colorSuccess: '#237804',
    colorWarning: '#874d00',
    colorError: '#a8071a',
    colorSuccessBg: '#f6ffed',
    colorSuccessBorder: '#b7eb8f',
    colorWarningBg: '#fffbe6',
    colorWarningBorder: '#ffe58f',
    colorErrorBg: '#fff1f0',
    colorErrorBorder: '#ffccc7',
    colorTextDescription: '#595959',
    colorTextSecondary: '#434343',
    colorTextTertiary: '#595959',
    colorTextPlaceholder: '#6b6b6b',
    fontFamily: `system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif`,
    motion: !stillness,
  },
  components: {
    Layout: { headerBg: '#ffffff', headerPadding: '0 16px', siderBg: '#ffffff' },
  },
}
