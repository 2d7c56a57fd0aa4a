import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { refuse } from '@contrail/contracts'

/** Where the one file in a zip lies. Public dumps hold exactly one; more would have to be chosen between. */
export type ZipEntry = { name: string; method: number; crc32: number; offset: number; bytes: number }

const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
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
    const count = tail.readUInt16LE(end + 10)
    if (count !== 1) throw refuse('zip_entries', 'file', `${name} with ${count} files`, 'unpack it and name one file')
    const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
    return await entryOf(file, directory, name)
  } finally {
    await file.close()
  }
}

async function entryOf(file: FileHandle, directory: Buffer, name: string): Promise<ZipEntry> {
  if (directory.length < 46 || directory.readUInt32LE(0) !== ENTRY_SIGNATURE)
    throw refuse('bad_zip', 'file', name, 'copy it again: its directory is damaged')
  const method = directory.readUInt16LE(10)
  const bytes = directory.readUInt32LE(20)
  const localOffset = directory.readUInt32LE(42)
  if (bytes === 0xffffffff || localOffset === 0xffffffff)
    throw refuse('zip64', 'file', name, 'unpack it: zips above 4 GB are not read')
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

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function lastIndexOf(buffer: Buffer, signature: number): number {
  for (let i = buffer.length - 22; i >= 0; i--) if (buffer.readUInt32LE(i) === signature) return i
  return -1
}
