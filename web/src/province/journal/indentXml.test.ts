import { expect, test } from 'vitest'
import { indentXml } from './indentXml'

test('each element has its line', () => {
  expect(indentXml('<Req><Seq>1</Seq><Bills><Bill Kind="a">丙</Bill></Bills></Req>')).toBe(
    ['<Req>', '  <Seq>1</Seq>', '  <Bills>', '    <Bill Kind="a">丙</Bill>', '  </Bills>', '</Req>'].join('\n'),
  )
})

test('what is cut off stays as it is', () => {
  expect(indentXml('<Req><Seq>1</Se')).toBe('<Req><Seq>1</Se')
})
