import type { ReactNode } from 'react'

type PanelProps = { id: string; title: string; className?: string; tools?: ReactNode; children: ReactNode }

export function Panel({ id, title, className = '', tools, children }: PanelProps) {
  return (
    <section id={id} className={`panel ${className}`} aria-labelledby={`${id}-title`}>
      <header className="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {tools}
      </header>
      {children}
    </section>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children ? <span>{children}</span> : null}
    </div>
  )
}

/** Stands where the content will be, so that nothing jumps. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <i key={row} />
      ))}
    </div>
  )
}
