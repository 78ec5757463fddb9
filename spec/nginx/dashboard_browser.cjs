// Uses the dashboard in Chromium as people do: with mouse and keyboard, with the keyboard alone, without
// script; looks at every page with axe-core, light and dark, wide and narrow. Prints one JSON object.
// Usage: node dashboard_browser.cjs FOLDER PROFILE SHOTS BASE TOKEN EMAIL FOLDER_ID GROUP [PAGE…]
const fs = require("fs");
const path = require("path");
const [folder, profile, shots, base, token, email, folderId, group, ...wanted] = process.argv.slice(2);
const modules = path.resolve(folder);
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const home = `${base}/dashboard/acme/`;
const pages = {
  overview: "",
  people: "people",
  search: "people?q=an&status=can_log_in",
  nobody: "people?q=nobody-is-called-so",
  no_group: "people?group=Enginering",
  person: `person?email=${encodeURIComponent(email)}`,
  groups: "groups",
  folders: "folders",
  folder: `folder?id=${encodeURIComponent(folderId)}`,
  events: "events",
  missing: "person?email=nobody%40acme.example",
};
const looked_at = wanted.length > 0 ? wanted : Object.keys(pages);
const messages = [];
const outside = [];

// Everything that a page says or asks for, from the first moment on.
function listen(page) {
  page.on("console", (message) => {
    // Chromium notes the status of a page that was asked for on purpose.
    if (!/the server responded with a status of (404|403)/.test(message.text())) {
      messages.push(`${message.type()}: ${message.text()} (${page.url()})`);
    }
  });
  page.on("pageerror", (error) => messages.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(base)) outside.push(request.url());
  });
  page.on("dialog", (dialog) => {
    messages.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
}

// axe-core comes through the debugger, which no policy of the page holds back.
async function inspect(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return {
    violations: found.violations.map((v) => `${v.id}: ${v.nodes.length} × ${v.nodes[0].html}`),
    checked: found.passes.map((v) => v.id),
  };
}

async function shape(page) {
  return page.evaluate(() => ({
    title: document.title,
    firsts: document.querySelectorAll("h1").length,
    headings: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1])),
    tables: document.querySelectorAll("table").length,
    captions: document.querySelectorAll("table > caption").length,
    inline: document.querySelectorAll("[style],style,script:not([src]),[onclick],[onload],[onerror]").length,
    elements: [...new Set([...document.querySelectorAll("body *")].map((e) => e.localName))].sort(),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    page: getComputedStyle(document.body).backgroundColor,
  }));
}

async function shot(page, name) {
  if (shots !== "-") await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

async function look(page, name, width, scheme) {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(home + pages[name]);
  const seen = { name, width, scheme, ...(await shape(page)) };
  await shot(page, `${name}-${width}-${scheme}`);
  return { ...seen, ...(await inspect(page)) };
}

const rows = (page) => page.locator("#results tbody tr").count();
const found = (page) => page.locator("#found").textContent();
const names = (page) => page.locator("#results tbody th[scope=row] a").allTextContents();

async function settled(page, was) {
  await page.waitForFunction((text) => document.getElementById("found").textContent !== text, was);
}

// Typing is enough; the address follows, focus stays where it was.
async function live(page) {
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${home}people`);
  const before = { rows: await rows(page), found: await found(page) };
  const search = page.getByRole("searchbox");
  await search.click();
  await page.keyboard.type("hostile", { delay: 20 });
  await settled(page, before.found);
  const typed = { found: await found(page), names: await names(page), url: page.url() };
  typed.focus = await page.evaluate(() => document.activeElement.id);
  await search.fill("");
  await settled(page, typed.found);
  const cleared = { found: await found(page), url: page.url() };
  await page.getByLabel("Multifactor").selectOption("no");
  await settled(page, cleared.found);
  const filtered = { found: await found(page), url: page.url() };
  filtered.methods = [...new Set(await page.locator("#results tbody tr td:nth-child(3)").allTextContents())];
  await page.getByLabel("Admin").selectOption("yes");
  await settled(page, filtered.found);
  const both = { found: await found(page), url: page.url() };
  await page.reload();
  both.again = await found(page);
  const { violations } = await inspect(page);
  return { before, typed, cleared, filtered, both, violations };
}

async function focus(page) {
  return page.evaluate(() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    return {
      name: (one.labels && one.labels[0] ? one.labels[0] : one).textContent.trim().slice(0, 40),
      tag: one.localName,
      ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    };
  });
}

async function tab_to(page, wanted, most) {
  const steps = [];
  for (let turn = 0; turn < (most || 60); turn += 1) {
    await page.keyboard.press("Tab");
    const here = await focus(page);
    steps.push(here);
    if (wanted(here)) return steps;
  }
  throw new Error(`not reached: ${JSON.stringify(steps)}`);
}

// From the form to a person and out again, without a mouse.
async function keyboard(context) {
  const page = await context.newPage();
  listen(page);
  await page.goto(`${base}/dashboard/acme/people?status=invited`);
  const asked = page.url();
  const first = await focus(page);
  await shot(page, "sign-in");
  const form = await inspect(page);
  await page.keyboard.type("lpt_wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  const refused = await page.locator("[role=alert]").textContent();
  const wrong = await inspect(page);
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/people?status=invited");
  const arrived = page.url();
  const skip = await tab_to(page, () => true);
  await page.keyboard.press("Enter");
  const skipped = await focus(page);
  await page.goto(`${base}/dashboard/acme/people`);
  const steps = await tab_to(page, (here) => here.name === "Name or e-mail");
  const was = await found(page);
  await page.keyboard.type("hostile");
  await settled(page, was);
  const more = await tab_to(page, (here) => here.tag === "a" && here.name.startsWith("Hostile"));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/person?**");
  const person = await page.locator("h1").textContent();
  await tab_to(page, (here) => here.name === "Sign out");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/~sign-in");
  await page.goto(`${base}/dashboard/acme/people`);
  const after = page.url();
  await page.close();
  return { asked, first, refused, arrived, skip, skipped, steps, more, person, after,
    violations: [...form.violations, ...wrong.violations] };
}

async function enter(page) {
  await page.goto(`${base}/dashboard/`);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/acme/");
}

// The form's button and the links do it all.
async function without_script(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await enter(page);
  await page.goto(`${home}people`);
  const before = await found(page);
  const first = await names(page);
  await page.getByRole("link", { name: "Next" }).click();
  const second = { names: await names(page), found: await found(page) };
  await page.getByRole("link", { name: "Previous" }).click();
  const back = await names(page);
  await page.getByRole("searchbox").fill("hostile");
  await page.getByRole("button", { name: "Show" }).click();
  const searched = { found: await found(page), url: page.url() };
  await page.getByRole("link", { name: "Clear" }).click();
  const cleared = await found(page);
  await context.close();
  return { before, first, second, back, searched, cleared };
}

// The cookie is out of reach of scripts, and belongs to the dashboard alone.
async function cookie(context, page) {
  const [one] = (await context.cookies(home)).filter((c) => c.name === "lastpass_dashboard");
  const seen = await page.evaluate(() => document.cookie);
  return { httpOnly: one.httpOnly, sameSite: one.sameSite, secure: one.secure, path: one.path, seen };
}

// Whether markup from outside would be carried out, were it to get into a page.
async function policy(page) {
  await page.goto(`${home}people`);
  return page.evaluate(async () => {
    const kinds = [];
    document.addEventListener("securitypolicyviolation", (event) => kinds.push(event.effectiveDirective));
    const box = document.createElement("div");
    box.innerHTML = '<img src="https://example.invalid/x.png" onerror="window.owned = 1"><b style="color:red">x</b>';
    document.body.append(box);
    const script = document.createElement("script");
    script.textContent = "window.owned = 2";
    document.body.append(script);
    await new Promise((done) => setTimeout(done, 200));
    return { owned: window.owned === undefined ? "no" : "yes", kinds: [...new Set(kinds)].sort() };
  });
}

(async () => {
  const options = { executablePath: "/usr/bin/chromium", chromiumSandbox: false, args: flags };
  const context = await chromium.launchPersistentContext(profile, { ...options, headless: true });
  const result = { looks: [] };
  result.keyboard = await keyboard(context);
  const page = await context.newPage();
  listen(page);
  await enter(page);
  result.cookie = await cookie(context, page);
  let number = 0;
  for (const name of looked_at) {
    for (const [place, width] of [1280, 390].entries()) {
      const both = shots !== "-";
      for (const scheme of both ? ["light", "dark"] : [(number + place) % 2 ? "dark" : "light"]) {
        result.looks.push(await look(page, name, width, scheme));
      }
    }
    number += 1;
  }
  await page.setViewportSize({ width: 360, height: 740 });
  result.smallest = [];
  for (const name of looked_at) {
    await page.goto(home + pages[name]);
    result.smallest.push({ name, overflow: (await shape(page)).overflow });
  }
  await page.goto(home);
  result.paper = (await page.pdf({ format: "A4" })).length;
  if (shots !== "-") await page.pdf({ format: "A4", path: path.join(shots, "overview.pdf") });
  await page.goto(`${home}people?group=${encodeURIComponent(group)}`);
  result.group = await found(page);
  result.live = await live(page);
  const browser = await chromium.launch({ ...options, headless: true });
  result.without_script = await without_script(browser);
  await browser.close();
  // From here on the policy is broken on purpose, and the console says so.
  result.messages = messages.slice();
  result.outside = outside.slice();
  result.policy = await policy(page);
  await context.close();
  console.log(JSON.stringify(result));
  process.exit(0);
})().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
