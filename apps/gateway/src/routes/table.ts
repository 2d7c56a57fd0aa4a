import type { Route } from './kit.ts'
import { marketRoutes } from './market.ts'
import { orderRoutes } from './orders.ts'
import { platformRoutes } from './platform.ts'
import { portfolioRoutes } from './portfolio.ts'
import { researchRoutes } from './research.ts'
import { strategyRoutes } from './strategies.ts'

/** Every REST route: served, documented and tested from this one list. */
export const ROUTES: readonly Route[] = [
  ...marketRoutes,
  ...platformRoutes,
  ...orderRoutes,
  ...portfolioRoutes,
  ...strategyRoutes,
  ...researchRoutes,
]
