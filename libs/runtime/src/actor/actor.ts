import { Committer } from './committer.ts'
import type { Receiver } from './feed.ts'
import { describeThrow, encodeMessage } from './messages.ts'
import type { OwnMessage } from './messages.ts'
import type { ActorInput, ActorProgram } from './program.ts'
import type { ActorPorts } from './ports.ts'
import { Trail, TRAIL_RUNS_MAX } from './trail.ts'
import { Halted, StreamLost } from './types.ts'
import type { ActorSpec, ActorStatus, Position, Positions } from './types.ts'

/** Inputs taken from the ring in one go, before others get their turn. */
const RING_BURST = 2_048

/** One live copy: program, trail, positions and what it has said. Steps are synchronous; commits are in flight beside. */
export class Actor implements Receiver {
  readonly spec: ActorSpec
  readonly #ports: ActorPorts
  readonly trail = new Trail()
  program: ActorProgram
  status: ActorStatus = 'activating'
  detail = ''
  epoch = 0
  /** Of the last decision made, whether or not it is known to be stored. */
  number = 0
  inputs = 0
  #positions: Positions = {}
  /** Position in the stream of the last input: the next one is mostly of the same. */
  #stream: string | undefined
  #position: Position | undefined
  lastDecision: OwnMessage | undefined
  activationMs: number | undefined
  /** Revision in the checkpoint bucket, and what was last put there. */
  checkpoint = { revision: 0, inputs: 0, atMs: 0, anchorPeriod: -1, busy: false }
  #committer: Committer | undefined
  #attached = false
  #place = 0
  #joined = false
  #pumping = false
  #room: (() => void) | undefined

  constructor(spec: ActorSpec, program: ActorProgram, ports: ActorPorts) {
    this.spec = spec
    this.program = program
    this.#ports = ports
  }

  get mailbox(): Readonly<Record<string, readonly string[]>> {
    return this.program.mailbox
  }
  get positions(): Positions {
    return this.#positions
  }
  set positions(positions: Positions) {
    this.#positions = positions
    this.#stream = undefined
    this.#position = undefined
  }
  get attached(): boolean {
    return this.#attached
  }
  get ended(): boolean {
    return this.status === 'stopped' || this.status === 'fenced' || this.status === 'halted'
  }
  get pending(): boolean {
    return this.#committer?.pending ?? false
  }
  get ownSequence(): number {
    return this.#committer?.ownSequence ?? 0
  }
  /** Inputs in the ring that it has not looked at yet. */
  get behind(): number {
    return this.#joined && !this.#attached ? this.#ports.feed.head - this.#place : 0
  }

  /** One input into the program. What it decided is completed here; whether it is published is the caller's matter. */
  apply(input: ActorInput, resolved?: unknown): OwnMessage | undefined {
    this.trail.add(input.stream, input.sequence)
    const position = this.#positionIn(input.stream)
    if (position) position.sequence = input.sequence
    this.inputs += 1
    let output
    try {
      output = this.program.step(input, this.number + 1, resolved)
    } catch (error) {
      throw new Halted(describeThrow(error, input), { cause: error })
    }
    if (!output) {
      if (this.trail.length > TRAIL_RUNS_MAX)
        throw new Halted(`it made no decision in ${TRAIL_RUNS_MAX} runs of inputs`)
      return undefined
    }
    this.number += 1
    const { stream, sequence, subject } = input
    return {
      ...this.spec.head,
      kind: 'decision',
      epoch: this.epoch,
      number: this.number,
      cause: { stream, sequence, subject },
      trail: this.trail.take(),
      ...output.body,
    }
  }

  /** From here on what it decides is published, fenced behind this sequence. */
  own(ownSequence: number): void {
    const { stream, subject } = this.spec.output
    this.#committer = new Committer({
      bus: this.#ports.bus,
      clock: this.#ports.clock,
      stream,
      subject,
      ownSequence,
      onRoom: () => this.#onRoom(),
      onTrouble: (cause) => this.#ports.onTrouble(this, cause),
      onEnd: (cause) => this.end(cause),
    })
  }

  resolve(subject: string): unknown {
    return this.program.resolve?.(subject)
  }

  /** Applies an input and publishes what came of it. */
  take(input: ActorInput, resolved?: unknown): void {
    try {
      const decision = this.apply(input, resolved)
      if (decision) {
        this.spec.check?.(decision)
        this.lastDecision = decision
        this.#committer?.offer(encodeMessage(decision))
      }
      const { onApplied } = this.spec
      if (onApplied !== undefined && onApplied.stream === input.stream) onApplied.listener(input)
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Resolves when it may take the next input; at once unless two decisions are on their way. */
  room(): Promise<void> | undefined {
    if (!this.#committer?.full || this.ended) return undefined
    return new Promise((resolve) => (this.#room = resolve))
  }

  receive(input: ActorInput, resolved: unknown): void {
    const position = this.#positionIn(input.stream)
    // The feed may be behind what it has read by itself.
    if (position === undefined || input.sequence <= position.sequence) return
    this.take(input, resolved)
    if (this.#committer?.full || this.ended) this.#detach()
  }

  lost(stream: string, reason: string): void {
    this.end(new StreamLost(`${stream}: ${reason}`))
  }

  /** Taken up by the feed: works off the ring and is then fed directly. */
  joined(): void {
    this.#joined = true
    this.#place = this.#ports.feed.tail
    this.#pump()
  }

  /** Where it is in each stream: everything up to there was seen. */
  positionsNow(): Positions {
    const now: Positions = {}
    for (const [stream, { incarnation, sequence }] of Object.entries(this.positions)) {
      const read = this.#attached ? (this.#ports.feed.lastSequence(stream) ?? 0) : 0
      now[stream] = { incarnation, sequence: Math.max(sequence, read) }
    }
    return now
  }

  async idle(): Promise<void> {
    await this.#committer?.idle()
  }

  /** No more inputs. What is on its way stays on its way. */
  leave(): void {
    this.positions = this.positionsNow()
    this.#attached = false
    this.#joined = false
    this.#ports.feed.leave(this)
    this.#room?.()
  }

  end(cause: Error): void {
    if (this.ended) return
    this.leave()
    // A program that threw has still said what it said before; a copy that lost its subject has nothing to say.
    if (!(cause instanceof Halted)) this.#committer?.end()
    this.#ports.onEnd(this, cause)
  }

  abandon(): void {
    this.#committer?.end()
  }

  #positionIn(stream: string): Position | undefined {
    if (this.#stream !== stream) {
      this.#stream = stream
      this.#position = this.#positions[stream]
    }
    return this.#position
  }

  #detach(): void {
    this.positions = this.positionsNow()
    this.#attached = false
    this.#place = this.#ports.feed.head
  }

  #onRoom(): void {
    this.#room?.()
    this.#room = undefined
    if (this.#joined && !this.#attached) this.#pump()
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    const more = this.#takeFromRing()
    this.#pumping = false
    if (more === 'later') this.#ports.clock.setTimer(0, () => this.#joined && !this.#attached && this.#pump())
  }

  #takeFromRing(): 'later' | undefined {
    const { feed } = this.#ports
    for (let taken = 0; this.#place < feed.head; taken++) {
      if (!this.#joined || this.#committer?.full) return undefined
      if (taken >= RING_BURST) return 'later'
      if (this.#place < feed.tail) {
        this.#joined = false
        feed.leave(this)
        this.#ports.onBehind(this)
        return undefined
      }
      const input = feed.at(this.#place++)
      const position = this.#positionIn(input.stream)
      if (position && input.sequence > position.sequence && feed.isFor(this, input)) this.take(input)
    }
    if (!this.#joined || this.#committer?.full) return undefined
    this.#attached = true
    this.#ports.onLive(this)
    return undefined
  }
}
