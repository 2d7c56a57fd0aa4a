const SWEEPS_MAX = 60
/** A covariance that has collapsed along an axis still has a little width there. */
const VALUE_MIN = 1e-20

/** Eigenvalues and unit eigenvectors of a symmetric matrix: cyclic Jacobi rotations. */
export function eigen(matrix: readonly Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const size = matrix.length
  const a = matrix.map((row) => Float64Array.from(row))
  const v = Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (_none, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let off = 0
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) off += a[i]![j]! ** 2
    if (off < 1e-30) break
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(a, v, p, q)
  }
  return { values: Float64Array.from(a, (row, i) => Math.max(VALUE_MIN, row[i]!)), vectors: v }
}

/** Makes a[p][q] nothing; row k of `v` is the k-th vector. */
function rotate(a: Float64Array[], v: Float64Array[], p: number, q: number): void {
  const apq = a[p]![q]!
  if (apq === 0) return
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq)
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < a.length; k++) {
    const [akp, akq] = [a[k]![p]!, a[k]![q]!]
    a[k]![p] = c * akp - s * akq
    a[k]![q] = s * akp + c * akq
  }
  for (let k = 0; k < a.length; k++) {
    const [apk, aqk] = [a[p]![k]!, a[q]![k]!]
    a[p]![k] = c * apk - s * aqk
    a[q]![k] = s * apk + c * aqk
    const [vpk, vqk] = [v[p]![k]!, v[q]![k]!]
    v[p]![k] = c * vpk - s * vqk
    v[q]![k] = s * vpk + c * vqk
  }
}
