/**
 * Prints the program of axe, which finds what is not accessible in a page. A package of its own: only tests need axe, so no
 * other command fetches it.
 */
import axe from "axe-core";

await new Response(axe.source).body!.pipeTo(Deno.stdout.writable);
