import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use as register } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { useFormats } from '../language/formats'

register([AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, TooltipComponent])

export interface ChartData {
  title: string
  categories: string[]
  series: { name: string; values: (number | null)[] }[]
  /** Lines for what runs on, bars for what stands side by side. */
  kind?: 'bar' | 'line'
}

// Contrast of at least 3 to 1 on white; patterns and legend tell them apart without colour.
const palette = ['#0958d9', '#ad4e00', '#237804', '#531dab', '#a8071a', '#006d75', '#614700', '#9e1068', '#3f6600', '#1d39c4']

/** A chart of one measure: categories along the bottom, a series per group. */
export default function Chart({ title, categories, series, kind = 'bar' }: ChartData) {
  const place = useRef<HTMLDivElement>(null)
  const { integer } = useFormats()

  useEffect(() => {
    const chart = init(place.current)
    const watcher = new ResizeObserver(() => chart.resize())
    watcher.observe(place.current!)
    chart.setOption({
      animation: false,
      color: palette,
      // The page's policy refuses the inline styles of the usual tooltip.
      tooltip: { trigger: 'axis', renderMode: 'richText', confine: true, valueFormatter: (v: unknown) => (typeof v === 'number' ? v.toLocaleString(undefined, { maximumFractionDigits: 2 }) : '—') },
      legend: { type: 'scroll', bottom: 0 },
      aria: { enabled: true, decal: { show: kind === 'bar' && series.length > 1 } },
      grid: { left: 8, right: 16, top: 16, bottom: 40, containLabel: true },
      xAxis: { type: 'category', data: categories },
      yAxis: { type: 'value', axisLabel: { formatter: (v: number) => (Number.isInteger(v) ? integer(v) : String(v)) } },
      series: series.map((s) => ({ type: kind, name: s.name, data: s.values, symbolSize: 8, barMaxWidth: 32 })),
    })
    return () => {
      watcher.disconnect()
      chart.dispose()
    }
  }, [categories, series, kind, integer])

  return <div ref={place} role="img" aria-label={title} data-testid="chart" style={{ height: 320, width: '100%' }} />
}
