import { useTranslation } from 'react-i18next'
import { textIfKnown } from '../../language/language'
import { Mark } from '../../table/Mark'
import { resultMoods } from '../board/board'
import { runMoods, type Run } from './runs'

/** Where a run stands: its result once it has one. */
export function RunState({ run }: { run: Run }) {
  const { t } = useTranslation()
  return run.result ? (
    <Mark mood={resultMoods[run.result]} data-testid="run-result">
      {t(`runResult.${run.result}`)}
    </Mark>
  ) : (
    <Mark mood={runMoods[run.state]} data-testid="run-state">
      {t(`runState.${run.state}`)}
    </Mark>
  )
}

/** Why a run failed or waits. */
export const reasonOf = (run: Run) => textIfKnown(`runReason.${run.reasonCode}`, run.reason || run.reasonCode)
