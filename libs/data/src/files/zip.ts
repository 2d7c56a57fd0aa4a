import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { refuse } from '@contrail/contracts'

/** Where the one file in a zip lies. Public dumps hold exactly one; more would have to be chosen between. */
export type ZipEntry = { name: string; method: number; crc32: number; offset: number; bytes: number }

const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
const END64_SIGNATURE = 0x06064b50
const LOCATOR_SIGNATURE = 0x07064b50
const LOCAL_SIGNATURE = 0x04034b50
/** 22 bytes of record and a comment of at most 65,535 (APPNOTE.TXT 4.3.16). */
const END_BYTES_MAX = 22 + 65_535
const STORED = 0
const DEFLATED = 8

export async function zipEntry(path: string, name: string): Promise<ZipEntry> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const tail = await readAt(file, Math.max(0, size - END_BYTES_MAX), Math.min(size, END_BYTES_MAX))
    const end = lastIndexOf(tail, END_SIGNATURE)
    if (end < 0) throw refuse('truncated_file', 'file', name, 'copy it again: the end of the zip is missing')
    const { count, offset, bytes } = await directoryOf(file, tail, end)
    if (count !== 1) throw refuse('zip_entries', 'file', `${name} with ${count} files`, 'unpack it and name one file')
    const directory = await readAt(file, offset, bytes)
    return await entryOf(file, directory, name)
  } finally {
    await file.close()
  }
}

/** Where the directory lies: in the end record, or in that of ZIP64 where one of its numbers does not fit. */
async function directoryOf(file: FileHandle, tail: Buffer, end: number) {
  const [count, bytes, offset] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)]
  const wide = count === 0xffff || bytes === WIDE || offset === WIDE
  if (!wide || end < 20 || tail.readUInt32LE(end - 20) !== LOCATOR_SIGNATURE) return { count, bytes, offset }
  const record = await readAt(file, Number(tail.readBigUInt64LE(end - 12)), 56)
  if (record.length < 56 || record.readUInt32LE(0) !== END64_SIGNATURE) return { count, bytes, offset }
  const [count64, bytes64, offset64] = [32, 40, 48].map((at) => Number(record.readBigUInt64LE(at)))
  return { count: count64 ?? count, bytes: bytes64 ?? bytes, offset: offset64 ?? offset }
}

async function entryOf(file: FileHandle, directory: Buffer, name: string): Promise<ZipEntry> {
  if (directory.length < 46 || directory.readUInt32LE(0) !== ENTRY_SIGNATURE)
    throw refuse('bad_zip', 'file', name, 'copy it again: its directory is damaged')
  const method = directory.readUInt16LE(10)
  const { bytes, offset: localOffset } = placeOf(directory, name)
  if ((directory.readUInt16LE(8) & 1) === 1) throw refuse('zip_encrypted', 'file', name, 'unpack it first')
  if (method !== STORED && method !== DEFLATED)
    throw refuse('zip_method', 'file', `${name}, method ${method}`, 'unpack it: only stored and deflated are read')
  const local = await readAt(file, localOffset, 30)
  if (local.length < 30 || local.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw refuse('bad_zip', 'file', name, 'copy it again: its entry is damaged')
  return {
    name: directory.toString('utf8', 46, 46 + directory.readUInt16LE(28)),
    method,
    crc32: directory.readUInt32LE(16),
    offset: localOffset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28),
    bytes,
  }
}

/** Sizes beyond 32 bits stand in the ZIP64 extra field (APPNOTE.TXT 4.5.3); some packers always write it. */
function placeOf(directory: Buffer, name: string): { bytes: number; offset: number } {
  const [unpacked, packed, local] = [directory.readUInt32LE(24), directory.readUInt32LE(20), directory.readUInt32LE(42)]
  if (packed !== WIDE && local !== WIDE) return { bytes: packed, offset: local }
  let at = 46 + directory.readUInt16LE(28)
  const end = Math.min(directory.length, at + directory.readUInt16LE(30))
  while (at + 4 <= end && directory.readUInt16LE(at) !== 1) at += 4 + directory.readUInt16LE(at + 2)
  at += 4
  const wide = (value: number): number => {
    if (value !== WIDE) return value
    if (at + 8 > end) throw refuse('bad_zip', 'file', name, 'copy it again: its directory is damaged')
    at += 8
    return Number(directory.readBigUInt64LE(at - 8))
  }
  wide(unpacked)
  return { bytes: wide(packed), offset: wide(local) }
}
const WIDE = 0xffffffff

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function lastIndexOf(buffer: Buffer, signature: number): number {
  for (let i = buffer.length - 22; i >= 0; i--) if (buffer.readUInt32LE(i) === signature) return i
  return -1
}
