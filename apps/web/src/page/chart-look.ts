import { price } from './format.ts'
import type { ChartOptions, DeepPartial, Time } from 'lightweight-charts'

export type Palette = Record<'up' | 'down' | 'upFaint' | 'downFaint' | 'text' | 'line' | 'grid' | 'accent', string>
const NAMES: Readonly<Record<keyof Palette, string>> = {
  up: '--up',
  down: '--down',
  upFaint: '--up-faint',
  downFaint: '--down-faint',
  text: '--muted',
  line: '--line',
  grid: '--grid',
  accent: '--accent',
}

let known: Palette | undefined
/** The colours of the style sheet, so that chart and page are one. */
export function palette(): Palette {
  if (known) return known
  const style = getComputedStyle(document.documentElement)
  const entries = Object.entries(NAMES).map(([name, property]) => [name, style.getPropertyValue(property).trim()])
  known = Object.fromEntries(entries) as Palette
  return known
}

export function watchScheme(onChange: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)')
  const changed = () => {
    known = undefined
    onChange()
  }
  media.addEventListener('change', changed)
  return () => media.removeEventListener('change', changed)
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const minutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const months = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' })
/** TickMarkType of the library: year, month, day, time, time with seconds. */
const MARKS = [months, months, days, minutes, seconds]
const dateOf = (time: Time): Date => new Date(Number(time) * 1000)

export function chartOptions(places: number): DeepPartial<ChartOptions> {
  const look = palette()
  return {
    autoSize: true,
    layout: {
      background: { color: 'transparent' },
      textColor: look.text,
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      attributionLogo: false, // it is named at the foot of the page
    },
    grid: { vertLines: { color: look.grid }, horzLines: { color: look.grid } },
    rightPriceScale: { borderVisible: false },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: true,
      rightOffset: 6,
      minBarSpacing: 1,
      barSpacing: 8,
      tickMarkFormatter: (time: Time, type: number) => (MARKS[type] ?? minutes).format(dateOf(time)),
    },
    crosshair: { vertLine: { color: look.line }, horzLine: { color: look.line } },
    localization: {
      timeFormatter: (time: Time) => full.format(dateOf(time)),
      priceFormatter: (value: number) => price(value, places),
    },
  }
}
