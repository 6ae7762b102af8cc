/** The stand-in for @std/path does what the package's documentation says, with the paths of this system. */
import { assertEquals } from "@std/assert";
import { basename, dirname, join, relative, resolve } from "@std/path";

Deno.test({
  name: "basename(), dirname(), join(), relative() and resolve() are those of @std/path (paths with slashes)",
  ignore: Deno.build.os === "windows", // its paths are other ones
  fn: () => {
    assertEquals(basename("/home/user/Documents/image.png"), "image.png"); // the examples of the package's own docs
    assertEquals(basename("/home/user/Documents/image.png", ".png"), "image");
    assertEquals(basename(new URL("file:///home/user/Documents/an%20image.png")), "an image.png");
    assertEquals([basename("a/b/"), basename("/"), basename(".png", ".png")], ["b", "/", ".png"]);
    assertEquals(dirname("/home/user/Documents/image.png"), "/home/user/Documents");
    assertEquals(dirname(new URL("file:///home/user/image.png")), "/home/user");
    assertEquals([dirname("image.png"), dirname("/"), dirname("a/b/")], [".", "/", "a"]);
    assertEquals(join("/foo", "bar", "baz/quux", "garply", ".."), "/foo/bar/baz/quux");
    assertEquals(join(new URL("file:///foo"), "bar", "..", "baz"), "/foo/baz");
    assertEquals([join(""), join("a", "", "./b"), join("../a", "../..")], [".", "a/b", "../.."]);
    assertEquals(relative("/data/orandea/test/aaa", "/data/orandea/impl/bbb"), "../../impl/bbb");
    assertEquals(relative("/a", "/a"), "");
    assertEquals(resolve("/foo/bar", "./baz"), "/foo/bar/baz");
    assertEquals(resolve("/foo/bar", "/tmp/file", "../x"), "/tmp/x");
    assertEquals([resolve(), resolve("a")], [Deno.cwd(), `${Deno.cwd()}/a`]);
  },
});
