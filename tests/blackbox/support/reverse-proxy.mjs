// A reverse proxy before Postroom, which serves it below a sub-path.

import http from 'node:http';

export const PREFIX = '/team/mail';

/** Passes on what is below the prefix, as it is; whatever else is asked for is remembered and refused. */
export async function startReverseProxy() {
  const proxy = { port: 0, target: 0, astray: [] };
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith(`${PREFIX}/`) && request.url !== PREFIX) {
      proxy.astray.push(request.url);
      response.writeHead(404).end();
      return;
    }
    const passed = http.request({ port: proxy.target, host: '127.0.0.1', method: request.method, path: request.url, headers: { ...request.headers, 'x-forwarded-for': '203.0.113.9' } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.port = server.address().port;
  proxy.url = `http://localhost:${proxy.port}${PREFIX}`;
  proxy.close = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return proxy;
}
