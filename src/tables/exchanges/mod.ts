/** The key exchanges. @module */
import type { Suite } from "../suites.ts";
import { dhe } from "./dhe.ts";
import { ecdhe } from "./ecdhe.ts";
import type { KeyExchange } from "./exchange.ts";
import { rsa } from "./rsa.ts";

export type { ClientShare, ExchangeError, KeyExchange, ServerShare, Terms, Vouching } from "./exchange.ts";
export { signed, unsigned } from "./vouching.ts";

/** By the name that a suite's row gives; a row without its exchange does not compile. */
export const exchanges = { rsa, dhe, ecdhe } satisfies Record<Suite["exchange"], KeyExchange>;
