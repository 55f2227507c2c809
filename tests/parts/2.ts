import { runPart } from "../support/part.ts";

await runPart(import.meta.url);
