import '@contrail/runtime'

/* The service as main.ts starts it, armed with a crash point, which no configuration of a service knows. */
delete process.env['CONTRAIL_CRASH_AT']
await import('../main.ts')
