// node mfa_codes.cjs MODULES: one-time codes, otpauth addresses and QR codes by packages of npm. Reads JSON lines, writes
// one for each:
//   {"code": {key: HEX, type, time | counter, digits, period, algorithm}} -> {"value": "123456"}    otplib
//   {"write": {…, issuer, account}} -> {"value": "otpauth://…"}                                      otplib
//   {"read": "otpauth://…"} -> {"value": {type, label, params}}                                      otplib
//   {"png": HEX} -> {"value": "text"}                                                                pngjs, jsqr
//   {"rows": ["0101…", …]} -> {"value": "text"}      1 is dark, the margin included                  jsqr
const path = require('path');
const readline = require('readline');

const modules = path.resolve(process.argv[2]);
const load = (name) => require(path.join(modules, name));
const otplib = load('otplib');
const uri = load('@otplib/uri');
const jsqr = load('jsqr');
const { PNG } = load('pngjs');

const SCALE = 6;

function options(one) {
  const common = {
    strategy: one.type,
    secret: new Uint8Array(Buffer.from(one.key, 'hex')),
    digits: one.digits,
    algorithm: one.algorithm.toLowerCase(),
  };
  return one.type === 'totp'
    ? { ...common, epoch: one.time, period: one.period }
    : { ...common, counter: one.counter };
}

function decode(pixels, width, height) {
  const found = jsqr(pixels, width, height, { inversionAttempts: 'dontInvert' });
  if (!found) throw new Error('no QR code');
  return Buffer.from(found.binaryData).toString('utf8');
}

function draw(rows) {
  const side = rows.length * SCALE;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      if (rows[Math.floor(y / SCALE)][Math.floor(x / SCALE)] === '1')
        pixels.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
  return decode(pixels, side, side);
}

function answer(request) {
  if (request.code) return otplib.generateSync(options(request.code));
  if (request.write) {
    const one = request.write;
    const base32 = new otplib.ScureBase32Plugin();
    return otplib.generateURI({
      strategy: one.type,
      issuer: one.issuer,
      label: one.account,
      secret: base32.encode(new Uint8Array(Buffer.from(one.key, 'hex'))),
      algorithm: one.algorithm.toLowerCase(),
      digits: one.digits,
      ...(one.type === 'totp' ? { period: one.period } : { counter: one.counter }),
    });
  }
  if (request.read) return uri.parse(request.read);
  if (request.png) {
    const png = PNG.sync.read(Buffer.from(request.png, 'hex'));
    return decode(new Uint8ClampedArray(png.data), png.width, png.height);
  }
  return draw(request.rows);
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  let reply;
  try {
    reply = { value: answer(JSON.parse(line)) };
  } catch (error) {
    reply = { error: String((error && error.message) || error) };
  }
  process.stdout.write(JSON.stringify(reply) + '\n');
});
