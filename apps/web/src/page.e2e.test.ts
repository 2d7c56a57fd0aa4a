import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TIMEFRAME_US } from '@contrail/contracts'
import type { StrategyView, Timeframe } from '@contrail/contracts'
import { systemClock } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { startTestGateway } from '../../gateway/src/testing/gateway.ts'
import type { TestGateway } from '../../gateway/src/testing/gateway.ts'
import { startStandIn } from '../../gateway/src/testing/stand-in.ts'
import type { StandIn } from '../../gateway/src/testing/stand-in.ts'
import { buildWeb } from './build.ts'
import { findBrowser, launchBrowser } from './testing/browser.ts'
import * as past from './testing/world.ts'

const found = await findBrowser()
const nowUs = () => systemClock.nowUs()
let directory: string
let standIn: StandIn
let gateway: TestGateway
let world: past.World
let browser: Browser
let context: BrowserContext
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  if (!found) return
  directory = await mkdtemp(path.join(tmpdir(), 'contrail-page-'))
  const web = await buildWeb(path.join(directory, 'web'))
  const beginUs = nowUs()
  standIn = await startStandIn({
    instruments: past.instruments,
    candles: (query) => {
      const frameUs = TIMEFRAME_US[query.get('timeframe') as Timeframe]
      // One minute at least has gone by since the last bar: only what is traded here is newer.
      const count = frameUs < 60e6 ? 60 : 300
      const bars = past.pastCandles(query.get('instrument') as string, frameUs, beginUs, count)
      return bars.filter((bar) => bar.openTimeUs >= Number(query.get('fromUs') ?? 0))
    },
    strategies: past.strategies(beginUs),
    pnl: [{ group: 'paper', currency: 'USDT', realised: '0', unrealised: '0', fees: '0', fills: 0, capital: '100000' }],
    equity: past.pastEquity(beginUs, 240),
  })
  gateway = await startTestGateway(standIn.url, {
    gatewayWebDir: web.directory,
    gatewaySessionFile: path.join(directory, 'sessions.json'),
  })
  world = new past.World(gateway.operator)
  standIn.onHalt = (halt) => world.halt(halt.state, halt.reason, nowUs())
  browser = await launchBrowser(found)
  context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, colorScheme: 'dark' })
  page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  await standIn?.close()
  if (directory) await rm(directory, { recursive: true, force: true })
})

const byId = (id: string) => page.getByTestId(id).first()
const attribute = (id: string, name: string) => byId(id).getAttribute(name)
async function shot(name: string): Promise<void> {
  const place = process.env['CONTRAIL_WEB_SHOTS'] ?? path.join(directory, 'shots')
  await mkdir(place, { recursive: true })
  await page.screenshot({ path: path.join(place, `${name}.png`), fullPage: true })
}
/** Ticks until the condition holds: the market goes on while we look. */
async function tradeUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
  const random = past.seeded(7)
  await until(what, async () => {
    for (const { instrument } of past.instruments)
      await world.tick(instrument, past.startPrice(instrument) * (1 + (random() - 0.5) / 900), nowUs())
    return condition()
  })
}
const name = found ? `(${found.from})` : '(skipped: no chromium; set CHROMIUM_PATH)'

test.skipIf(!found)(`the printed URL opens the page and the token leaves the address bar ${name}`, async () => {
  await page.goto(`${gateway.url}/#token=${gateway.token}`)
  await until('live', async () => (await attribute('connection', 'data-phase')) === 'live')
  expect(page.url()).not.toContain('token')
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0)
})

test.skipIf(!found)('before the first trade it says what it waits for', async () => {
  for (const words of ['No orders yet', 'No position yet']) await page.getByText(words).waitFor()
  await until('three cards', async () => (await page.getByTestId('strategy').count()) === 3)
  await until('the bars', async () => Number(await attribute('chart', 'data-bars')) >= 300)
  await shot('empty-1440')
})

test.skipIf(!found)('a candle moves with the trades', async () => {
  for (const { instrument } of past.instruments) await world.feed(instrument, 'live', nowUs())
  const before = await attribute('chart', 'data-last-close')
  await tradeUntil('the last close moves', async () => (await attribute('chart', 'data-last-close')) !== before)
  const then = await attribute('chart', 'data-last-close')
  await tradeUntil('and moves on', async () => (await attribute('chart', 'data-last-close')) !== then)
})

test.skipIf(!found)('a fill becomes a marker, a row and a position with its value', async () => {
  expect(await attribute('chart', 'data-fill-markers')).toBe('0')
  await world.decide(18, nowUs(), { fast: 64_262.18, slow: 64_249.02, spread_bps: 2.05, regime: 'up' })
  standIn.says.orders = [past.order(17, nowUs(), { side: 'buy' })]
  await world.fill(17, '64250.5', nowUs())
  await until('the marker', async () => (await attribute('chart', 'data-fill-markers')) === '1')
  await until('the order', async () => (await attribute('order', 'data-status')) === 'filled')
  await world.position('0.25', '64250.5', nowUs())
  await until('the position', async () => (await attribute('position', 'data-quantity')) === '0.25')
  await world.position('-0.5', '64100.25', nowUs())
  await until('its change', async () => (await attribute('position', 'data-quantity')) === '-0.5')
  const value = () => byId('position').locator('td').nth(5).innerText()
  const figures = async () => {
    const texts = await page.locator('.figures dd').allInnerTexts()
    return texts.map((text) => Number(text.replace('−', '-').replaceAll(/[^\d.-]/g, '')))
  }
  await tradeUntil('the equity of this instant', async () => {
    const [equity = 0, , open = NaN, realised = 0] = await figures()
    return open !== 0 && Math.abs(100_000 + realised + open - equity) < 0.011
  })
  await tradeUntil('the open profit', async () => /^[+−][\d,]+\.\d\d$/.test(await value()))
  await until('the decision', async () => (await attribute('decision', 'data-number')) === '18')
})

test.skipIf(!found)('an order says why', async () => {
  await page.getByRole('button', { name: 'Why order sma-demo-17-0?' }).click()
  await page.getByTestId('explain').getByText('C2').waitFor()
  await shot('explain-1440')
  await page.keyboard.press('Escape')
  await until('closed', async () => (await page.getByTestId('explain').count()) === 0)
})

test.skipIf(!found)('a strategy is paused from its card', async () => {
  await page.getByRole('button', { name: 'Pause sma-demo' }).click()
  await until('paused', async () => (await attribute('strategy', 'data-desired')) === 'paused')
  const pauseOf = () => standIn.told.find(({ path: where }) => where === '/strategies/sma-demo/pause')
  await until('it was told', async () => pauseOf() !== undefined)
  expect(pauseOf()).toMatchObject({ by: 'admin-page', body: { reason: 'by hand, on the page' } })
  await page.getByRole('button', { name: 'Resume sma-demo' }).click()
  await until('running', async () => (await attribute('strategy', 'data-desired')) === 'running')
})

test.skipIf(!found)('the kill switch halts with a reason, by keyboard alone, and gives back', async () => {
  await byId('kill-switch').focus()
  await page.keyboard.press('Enter')
  await byId('kill-reason').waitFor()
  await shot('kill-1440')
  await byId('kill-reason').focus()
  await page.keyboard.type('the feed looks wrong')
  await page.keyboard.press('Enter')
  await until('halted', async () => (await attribute('kill-switch', 'data-state')) === 'halted')
  await byId('halt-banner').getByText('the feed looks wrong').waitFor()
  const told = standIn.told.findLast(({ method, path: where }) => method === 'POST' && where === '/halts')
  expect(told?.body).toEqual({
    scope: 'platform',
    state: 'halted',
    reason: 'the feed looks wrong',
    by: 'admin-page',
  })
  await shot('halted-1440')
  await byId('kill-switch').click()
  await byId('kill-reason').fill('all is well again')
  await byId('kill-confirm').click()
  await until('active', async () => (await attribute('kill-switch', 'data-state')) === 'active')
})

test.skipIf(!found)('a strategy that stands still is not counted as running and says why', async () => {
  const [first, second, ...rest] = standIn.says.strategies as [StrategyView, StrategyView]
  standIn.says.strategies = [first, { ...second, actual: 'halted', detail: 'Error: boom at rsi.ts:9' }, ...rest]
  await page.reload()
  await page.getByText('1 running, 1 down').waitFor()
  await page.getByText('Error: boom at rsi.ts:9').waitFor()
  const card = page.locator('[data-strategy="rsi-demo"]')
  expect(await card.locator('.commands button').allInnerTexts()).toEqual(['Start again', 'Stop'])
  await card.getByRole('button', { name: 'Start again rsi-demo' }).click()
  await until('it was told', async () => standIn.told.some(({ path: where }) => where === '/strategies/rsi-demo/start'))
  standIn.says.strategies = [first, second, ...rest]
  await page.reload()
  await page.getByText('2 running').waitFor()
})

test.skipIf(!found)(
  'alerts are counted and listed, critical ones stand on top until they are hidden, also after a reload',
  async () => {
    const fresh = async () => Number(await attribute('alerts', 'data-new'))
    await world.alert('critical', 'position_mismatch', 'from a day that is over', nowUs() - 2 * 86_400e6)
    await world.alert('warning', 'order_not_found', 'cancel of sma-demo-3-0: there is no such order', nowUs())
    await world.alert('critical', 'fill_not_booked', 'A report was given up: no such row', nowUs())
    await until('two new ones', async () => (await fresh()) === 2)
    await byId('alert-banner').getByText('A report was given up').waitFor()
    expect(await byId('alert-banner').locator('li').count()).toBe(1)
    await shot('alert-1440')
    await byId('alert-banner').getByRole('button').click()
    await until('hidden', async () => (await page.getByTestId('alert-banner').count()) === 0)
    await page.reload()
    await until('one is left', async () => (await fresh()) === 1)
    expect(await page.getByTestId('alert-banner').count()).toBe(0)
    await byId('alerts').click()
    await byId('alert-list').waitFor()
    const severities = () => page.getByTestId('alert').evaluateAll((all) => all.map((one) => one.dataset['severity']))
    expect(await severities()).toEqual(['critical', 'warning', 'critical'])
    await shot('alerts-1440')
    await page.getByRole('button', { name: 'Hide all' }).click()
    await until('none is new', async () => (await fresh()) === 0)
    await page.keyboard.press('Escape')
    for (const text of ['first', 'second', 'third', 'fourth', 'fifth'])
    await world.alert('critical', 'fill_not_booked', `the ${text} report was given up and lies in the dead letters`, nowUs()) // prettier-ignore
    await byId('alert-banner').getByText('and 2 more').waitFor()
  },
)

test.skipIf(!found)('a full page at each width, dark and light, without a sideways scroll', async () => {
  const endUs = nowUs()
  standIn.says.orders = [
    past.order(24, endUs - 20e6, {
      status: 'new',
      orderType: 'limit',
      price: '64100',
      cumQuantity: '0',
      averagePrice: null,
    }),
    past.order(23, endUs - 60e6, {
      status: 'denied',
      cumQuantity: '0',
      averagePrice: null,
      reason: { code: 'C2', text: 'notional 1,204,000 USDT is above the limit of 1,000,000 USDT' },
    }),
    ...[22, 21, 20, 19, 18, 17].map((number) => past.order(number, endUs - (30 - number) * 60e6)),
  ]
  standIn.says.fills = standIn.says.orders.slice(2).map((one, index) => past.fillOf(one, index))
  await world.position('12', '3105.22', endUs, 'ETH-USDT', 'rsi-demo')
  await page.reload()
  await until('live', async () => (await attribute('connection', 'data-phase')) === 'live')
  await tradeUntil('markers', async () => Number(await attribute('chart', 'data-fill-markers')) >= 5)
  await tradeUntil('equity', async () => (await page.locator('.curve canvas').count()) === 1)
  for (const [width, height] of [
    [1440, 1000],
    [768, 1024],
    [390, 844],
    [360, 740],
  ] as const)
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await tradeUntil('a redraw', async () => (await page.evaluate(() => innerWidth)) === width)
      // The charts follow a new width one frame later.
      await tradeUntil(
        `no sideways scroll at ${width}`,
        async () => (await page.evaluate(() => document.documentElement.scrollWidth)) === width,
      )
      const widths = () => [...document.querySelectorAll('.hidden')].map((one) => one.getBoundingClientRect().width)
      expect(Math.max(...(await page.evaluate(widths))), 'what is hidden takes no room').toBeLessThanOrEqual(1)
      await shot(`full-${width}-${colorScheme}`)
    }
  await page.setViewportSize({ width: 1440, height: 1000 })
})

test.skipIf(!found)('a reload stays signed in', async () => {
  await page.reload()
  await until('live', async () => (await attribute('connection', 'data-phase')) === 'live')
  expect(await page.getByTestId('sign-in').count()).toBe(0)
})

test.skipIf(!found)('after a restart of the gateway the page goes on by itself and has missed nothing', async () => {
  expect(complaints).toEqual([])
  await gateway.restart()
  await world.fill(31, '64300.5', nowUs())
  await until('live again', async () => (await attribute('connection', 'data-phase')) === 'live')
  await until(
    'the order of meanwhile',
    async () => (await page.locator('[data-order-id="sma-demo-31-0"]').count()) === 1,
  )
  // Chrome says a refused connection aloud; nothing else may be said.
  expect(
    complaints.filter(
      (text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(text),
    ),
  ).toEqual([])
})

test.skipIf(!found)('who has no session is asked for the token, and a wrong one is refused', async () => {
  const stranger = await browser.newContext({ viewport: { width: 390, height: 844 } })
  const other = await stranger.newPage()
  await other.goto(gateway.url)
  await other.getByTestId('sign-in').waitFor()
  await other.getByLabel('Admin token').fill('wrong')
  await other.keyboard.press('Enter')
  await other.getByText('This token is not valid').waitFor()
  await other.getByLabel('Admin token').fill(gateway.token)
  await other.keyboard.press('Enter')
  await other.getByTestId('chart').waitFor()
  await stranger.close()
})
