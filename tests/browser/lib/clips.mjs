// SPDX-License-Identifier: LGPL-2.1-or-later
// Real clips, looped; and a publisher of one.
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Skip } from './bench.mjs';
import { freePort, output, until } from './process.mjs';
import net from 'node:net';

const MEDIA = process.env.VS_MEDIA_DIR;
const SAMPLES = '/usr/share/forensics-samples/original-files/movie2';

/** name -> where it is, and the container that takes its codecs */
export const CLIPS = {
  'VP8 and Vorbis, 720p24':
    [path.join(MEDIA, 'big-buck-bunny-30s.webm'), 'mkv'],
  'H.264 and AAC 5.1, 720p25':
    [path.join(MEDIA, 'big-buck-bunny-5s-720p-aac51.mp4'), 'mp4'],
  'H.264 and AAC in TS, 400x170':
    [path.join(MEDIA, 'sintel-608.ts'), 'ts'],
  'H.264 and AAC, 720p30':
    [path.join(SAMPLES, 'movie-hello.mp4'), 'mp4'],
  'MPEG-2 and MP2':
    [path.join(SAMPLES, 'movie-hello.mpeg'), 'ts'],
};

/** @name's clip, looped to @seconds without being encoded again. */
export async function looped(bench, name, seconds) {
  const [file, container] = CLIPS[name];
  await access(file).catch(() => {
    throw new Skip(file.startsWith(MEDIA) ? 'no ../shared/media' : `no ${file}`);
  });
  const loop = path.join(await bench.directory(), `loop.${container}`);
  await output('ffmpeg', ['-v', 'error', '-stream_loop', '-1', '-i', file,
    '-map', '0:v:0', '-map', '0:a:0', '-t', String(seconds), '-c', 'copy',
    loop]);
  return loop;
}

/** An RTMP server (nginx) that @file is published to; resolves to its URL. */
export async function publish(bench, file) {
  const port = await freePort();
  const root = await bench.directory();
  await mkdir(path.join(root, 'logs'));
  const configuration = path.join(root, 'nginx.conf');
  await writeFile(configuration, `
    load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
    daemon off; pid ${root}/pid; error_log ${root}/error.log;
    worker_processes 1;
    events { worker_connections 64; }
    rtmp {
      server {
        listen 127.0.0.1:${port};
        application live { live on; }
      }
    }`);
  bench.spawn('nginx', ['-p', root, '-c', configuration]);
  await until('nginx', () => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
      .on('connect', () => { socket.destroy(); resolve(true); })
      .on('error', () => resolve(false));
  }));
  const url = `rtmp://127.0.0.1:${port}/live/key`;
  bench.spawn('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1',
    '-i', file, '-c', 'copy', '-f', 'flv', url]);
  return url;
}
