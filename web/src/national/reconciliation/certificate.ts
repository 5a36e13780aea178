/** One table: what both sides hold at the point. */
export interface TableProof {
  table: string
  columns?: string[] // that both sides have and that were compared; version 3 names them
  ranges: number
  differentRanges: number
  province: { rows: number; digest: string }
  national: { rows: number; digest: string }
}

/** The part of a signed certificate (sync/reconcile) that is shown in short. */
export interface Certificate {
  statement: { version: 1 | 2 | 3; sequence: number; previous: string; point: string; tables: TableProof[] }
  digest: string
  national: { key: string }
  province: { key: string }
}

/** Reads a certificate of the version that is known here; another one is shown as a document only. */
export function readCertificate(document: unknown): Certificate | undefined {
  const certificate = document as Partial<Certificate> | null
  const known = [1, 2, 3].includes(certificate?.statement?.version ?? 0) && Array.isArray(certificate?.statement?.tables)
  return known && certificate?.national && certificate.province ? (certificate as Certificate) : undefined
}
