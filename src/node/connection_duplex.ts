/** The bytes of a connection as a Duplex of Node: when it reads, when it writes, and how it ends. @module */
import { Schema } from "../deps.ts";
import { decodeOption, limit } from "../options.ts";
import type { Connection } from "../public/connections.ts";
import { Closed, TransportError } from "../public/errors.ts";
import { Buffer, clearTimeout, Duplex, setTimeout } from "./deps.ts";
import { makeIdle } from "./idle.ts";
import { now } from "../promises/run.ts";
import { run } from "./running.ts";

/** What Node calls when something is done, with an error if it was not. */
type Callback = (error?: Error | null) => void;

/** The longest time that a timer of Node can have, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** How long a write that is under way holds `destroy` up, in milliseconds. */
const LAST_WORDS = 100;

const decodeTimeout = decodeOption(Schema.Struct({ milliseconds: limit(0) }), "setTimeout");

/**
 * A Duplex over a connection, which may come later: until then reads and writes wait.
 *
 * It reads from the connection only what somebody wants, up to `highWaterMark`, and a write is done once the stream
 * below has taken it. `end` sends close_notify, and `end` is emitted at the peer's. As in `net.Socket`, the peer's end is
 * answered with ours unless `allowHalfOpen` is set; up to TLS 1.2 it must be (RFC 5246 §7.2.1). `destroy` closes the
 * connection, and `destroy` with an error ends it with a fatal alert. Errors are those of the connection.
 */
export class ConnectionDuplex extends Duplex {
  /** How many bytes of data came from the peer. */
  bytesRead = 0;
  /** How many bytes of data were written. */
  bytesWritten = 0;
  #connection: Connection | undefined;
  /** What is to be done once the connection is there. */
  #waiting: Array<(connection: Connection) => void> = [];
  #reading = false;
  /** Why nothing more can be read, while data from before is unread. */
  #readFault: Error | undefined;
  /** A write that failed, while there is still something to read. */
  #failedWrite: (() => void) | undefined;
  #isWriting = false;
  /** Called when a write is done after the Duplex was destroyed. */
  #written: (() => void) | undefined;
  #heardEnd = false;
  #isReset = false;
  #idle = makeIdle(() => this.emit("timeout"));

  /** Makes a Duplex without a connection. */
  constructor(
    options: { readonly allowHalfOpen?: boolean | undefined; readonly highWaterMark?: number | undefined },
  ) {
    const { allowHalfOpen = false, highWaterMark } = options;
    super({ allowHalfOpen, ...(highWaterMark !== undefined && { highWaterMark }) });
  }

  /** The connection itself; `undefined` while its handshake is under way. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Gives it the connection, once. */
  protected attach(connection: Connection): void {
    this.#connection = connection;
    this.#idle.moved();
    this.#waiting.splice(0).forEach((next) => next(connection));
  }

  /** Calls off a handshake that is under way, because the Duplex is destroyed. */
  protected abandon(): void {}

  #connected(next: (connection: Connection) => void): void {
    if (this.#connection) next(this.#connection);
    else this.#waiting.push(next);
  }

  /** Reads some data for whoever wants it. */
  override _read(): void {
    if (this.#reading || this.#readFault) return;
    this.#reading = true;
    this.#connected(({ read }) =>
      run(read, (error, data) => {
        this.#reading = false;
        if (this.destroyed) return;
        if (error) return this.#readFailed(error);
        this.#idle.moved();
        this.bytesRead += data?.length ?? 0;
        if (data === undefined) this.#heardEnd = true;
        this.push(data ?? null);
        // As in net.Socket, an end with nothing before it is told to who reads nothing, too.
        if (data === undefined) this.read(0);
        this.#settle();
      })
    );
  }

  /** Gives what has come. An error is only told after the data before it, which `destroy` would throw away. */
  override read(size?: number): ReturnType<Duplex["read"]> {
    const chunk = super.read(size);
    this.#settle();
    return chunk;
  }

  #readFailed(error: Error): void {
    this.#readFault = error;
    this.#settle();
  }

  /** Tells the errors that waited for a reader, once there is nothing more to read. */
  #settle(): void {
    if (this.readableLength > 0) return;
    const fault = this.#readFault;
    if (fault) {
      this.#readFault = undefined;
      // What this end closed is no fault.
      this.destroy(fault instanceof Closed ? undefined : fault);
    } else if (this.#heardEnd) {
      this.#failedWrite?.();
    }
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: Callback): void {
    this.bytesWritten += chunk.length;
    this.#idle.moved();
    this.#connected((connection) => {
      this.#isWriting = true;
      run(connection.write(chunk), (error) => {
        this.#isWriting = false;
        this.#written?.();
        this.#idle.moved();
        if (error && this.#listens()) this.#failedWrite = () => done(error);
        else done(error);
      });
    });
  }

  /** Small pieces that waited together leave in one record. */
  override _writev(
    chunks: Array<{ readonly chunk: Uint8Array; readonly encoding: BufferEncoding }>,
    done: Callback,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer" as BufferEncoding, done);
  }

  /**
   * Whether somebody still hears what the peer had sent. An error of a write would throw that away, and it may say why
   * nothing can be written.
   */
  #listens(): boolean {
    return !this.destroyed && !this.#heardEnd && (this.readableLength > 0 || this.readableFlowing === true);
  }

  override _final(done: Callback): void {
    this.#connected((connection) =>
      run(connection.closeWrite, (error) =>
        // A peer that has said its goodbye need not wait for ours (RFC 5246 §7.2.1).
        done(this.#heardEnd && error instanceof TransportError ? null : error))
    );
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#idle.stop();
    this.#waiting = [];
    this.#failedWrite?.();
    const connection = this.#connection;
    if (!connection) {
      this.abandon();
      return done(error);
    }
    let isEnding = false;
    const end = () => {
      if (isEnding) return;
      isEnding = true;
      clearTimeout(late);
      run(error || this.#isReset ? connection.abort : connection.close, () => done(error));
    };
    // As with net.Socket, what was written just before may still leave; what nobody takes does not hold it up for long.
    const late = this.#isWriting ? setTimeout(end, LAST_WORDS) : undefined;
    if (this.#isWriting) this.#written = end;
    else end();
  }

  /** As `net.Socket`, `close` tells whether there was an error. */
  override emit(event: string | symbol, ...args: Array<unknown>): boolean {
    const told = event === "close" ? [this.errored !== null] : args;
    // deno-lint-ignore no-explicit-any -- an event of any name has arguments of any type
    return super.emit(event as any, ...told as any);
  }

  /** Ends the writing half, and destroys the Duplex once everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished || !this.writable && !this.writableEnded) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** Ends the connection with a fatal alert, without an error. */
  resetAndDestroy(): this {
    this.#isReset = true;
    return this.destroy();
  }

  /** The idle time after which `timeout` is emitted, in milliseconds; `undefined` if there is none. */
  get timeout(): number | undefined {
    return this.#idle.after() || undefined;
  }

  /**
   * Emits `timeout` whenever no data has come or gone for so many milliseconds; never with 0. It closes nothing. Throws
   * InvalidOption for what is no such number.
   */
  setTimeout(milliseconds: number, told?: () => void): this {
    const decoded = now(decodeTimeout({ milliseconds }));
    this.#idle.set(Math.min(decoded.milliseconds, LONGEST));
    if (told && milliseconds > 0) this.once("timeout", told);
    else if (told) this.removeListener("timeout", told);
    return this;
  }
}
