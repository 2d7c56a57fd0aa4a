import { expect, test } from 'vitest'
import { asFault, BootFault, faultText } from './faults.ts'
import { explainNatsLog } from './nats.ts'
import { explainPostgresLog } from './postgres-state.ts'

test.each([
  ['[1] [FTL] Error listening on port: 127.0.0.1:4222, "listen tcp: bind: address already in use"', 'port_in_use'],
  ["[1] [FTL] Can't start JetStream: storage directory is not a directory", 'corrupt_data'],
  ['[1] [WRN]   Stream metafile "/a/meta.inf": checksums do not match "74" vs "79"', 'corrupt_data'],
  ['[1] [WRN]   Missing stream metafile for "/a/meta.inf"', 'corrupt_data'],
  ['[1] [WRN]   Missing stream checksum file "/a/meta.sum"', 'corrupt_data'],
  ['[1] [WRN] Healthcheck failed: "JetStream stream \'$G > A\' could not be recovered"', 'corrupt_data'],
  ['[1] [WRN]     Missing consumer checksum for "/a/obs/C/meta.sum"', undefined],
  ['[1] [ERR] write /a/1.blk: no space left on device', 'disk_full'],
  ['[1] [INF] Server is ready', undefined],
  // After a kill the last block is ahead of its index: the server mends that by itself.
  ['[1] [WRN] Filestore [A] Stream state outdated, last block has additional entries, will rebuild', undefined],
  ['[1] [WRN] Filestore [A] Recovering stream state from index errored: prior state file', undefined],
])('nats says %j: %s', (line, code) => {
  expect(explainNatsLog(`[1] [INF] Starting\n${line}\n`, '/store')?.code).toBe(code)
})

test.each([
  ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'disk_full'],
  ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'port_in_use'],
  ['FATAL:  data directory "/d" has invalid permissions', 'not_permitted'],
  ['PANIC:  could not locate a valid checkpoint record at 0/15', 'corrupt_data'],
  ['FATAL:  could not open file "global/pg_filenode.map": No such file or directory', 'corrupt_data'],
  ['FATAL:  required WAL directory "pg_wal" does not exist', 'corrupt_data'],
  ['FATAL:  incorrect checksum in control file', 'corrupt_data'],
  ['FATAL:  could not access file "timescaledb": No such file or directory', 'start_failed'],
  ['LOG:  database system is ready to accept connections', undefined],
])('postgres says %j: %s', (line, code) => {
  expect(explainPostgresLog(`2026-11-22 11:32:18.233 UTC [1] ${line}\n`, '/d')?.code).toBe(code)
})

test('a fault is one line with its mend, a bug keeps its stack', () => {
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/a/b' })
  expect(faultText(full)).toBe('contrail: the disk is full (/a/b) -> free some space and start again')
  expect(faultText(new BootFault('locked', 'held', 'wait'))).toBe('contrail: held -> wait')
  expect(asFault(new TypeError('x is not a function'))).toBeUndefined()
  expect(faultText(new TypeError('x is not a function'))).toContain('explain.test.ts')
})
