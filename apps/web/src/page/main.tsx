import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { begin } from './live.ts'

createRoot(document.getElementById('page') as HTMLElement).render(<App />)
void begin()
