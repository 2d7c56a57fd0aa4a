import { createRoot } from 'react-dom/client'
import { App } from './page/app.tsx'
import { begin } from './page/live.ts'

createRoot(document.getElementById('page') as HTMLElement).render(<App />)
void begin()
