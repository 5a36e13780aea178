/** A decimal with at most so many places, without a sign. */
const decimal = /^(\d*)(?:\.(\d*))?$/

/**
 * Reads an amount that is written in a unit of 10^places fen, exactly: a sum of money is never a
 * binary fraction. null is no amount, NaN is none that can be read.
 */
export function readMoney(written: string, places: number): number | null {
  const plain = written.replace(/[\s,，]/g, '')
  if (plain === '') return null
  const match = decimal.exec(plain)
  if (!match) return NaN
  const [, whole = '', fraction = ''] = match
  if (whole + fraction === '' || fraction.replace(/0+$/, '').length > places) return NaN
  const fen = Number(whole + fraction.slice(0, places).padEnd(places, '0'))
  return Number.isSafeInteger(fen) ? fen : NaN
}

/** Writes an amount of fen in a unit of 10^places fen, with no more decimals than it needs. */
export function writeMoney(fen: number | null | undefined, places: number): string {
  if (fen == null) return ''
  const digits = String(Math.abs(fen)).padStart(places + 1, '0')
  const whole = digits.slice(0, -places)
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return (fen < 0 ? '-' : '') + whole + (fraction && `.${fraction}`)
}
