/** What a proxy can answer. @module */
import { Data } from "../deps.ts";

/** A proxy refused to connect to a server (RFC 9110 §9.3.6). */
export class ProxyRefused extends Data.TaggedError("ProxyRefused")<{
  /** The proxy, without its credentials. */
  readonly proxy: string;
  /** The host and port that were asked for. */
  readonly target: string;
  /** The status of its answer. */
  readonly status: number;
}> {
  /** What happened, and what to do. */
  override get message(): string {
    const { proxy, target, status } = this;
    return `${proxy} refuses to connect to ${target}: it answered ${status}; ${advice(status)}`;
  }
}

const advice = (status: number): string =>
  status === 407
    ? "give a user name and password that it knows, in its URL"
    : status >= 500
    ? "it could not reach the server itself"
    : "its rules forbid it: look whether they allow this host and port";
