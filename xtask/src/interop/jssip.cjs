// JsSIP in Node against a SIP server over WebSocket: OPTIONS, a call to it, and a call that the server ends.
//
//   node jssip.cjs ws://127.0.0.1:8080 sip:service@127.0.0.1:8080
//
// JsSIP's own transactions and dialogs do the signalling. Node has no WebRTC, so media is a UDP socket that counts
// the RTP it hears and sends as much back. Prints one line for each step; the exit code is 0 when all went well.

const dgram = require('node:dgram');
const { createRequire } = require('node:module');

const installed = createRequire(`${process.cwd()}/`);
globalThis.window = globalThis;
globalThis.WebSocket = installed('ws');
const JsSIP = installed('jssip');

const [url, target] = process.argv.slice(2);
const LIMIT = 15000;

/** What JsSIP asks of WebRTC, on plain RTP. */
globalThis.RTCPeerConnection = class {
    signalingState = 'stable';
    iceConnectionState = 'connected';
    iceGatheringState = 'complete';
    localDescription = null;
    constructor() {
        globalThis.lastConnection = this;
        this.heard = 0;
        this.socket = dgram.createSocket('udp4');
        this.bound = new Promise((bound) => this.socket.bind(0, '127.0.0.1', bound));
        this.socket.on('message', (packet, from) => {
            this.heard += 1;
            this.socket.send(packet, from.port, from.address);
        });
    }
    addEventListener() {}
    removeEventListener() {}
    addTrack() {}
    getSenders() {
        return [];
    }
    async describe(type) {
        await this.bound;
        const { port } = this.socket.address();
        const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0',
            `m=audio ${port} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000', ''];
        return { type, sdp: lines.join('\r\n') };
    }
    createOffer() {
        return this.describe('offer');
    }
    createAnswer() {
        return this.describe('answer');
    }
    async setLocalDescription(description) {
        this.localDescription = description;
    }
    async setRemoteDescription(description) {
        if (!/^m=audio [1-9]/m.test(description.sdp)) throw new Error(`no audio in ${description.sdp}`);
    }
    close() {
        this.socket.close();
    }
};
globalThis.RTCSessionDescription = class {
    constructor(description) {
        Object.assign(this, description);
    }
};
const noTracks = { getTracks: () => [], getAudioTracks: () => [], getVideoTracks: () => [] };

function fail(why) {
    console.log(`failed: ${why}`);
    process.exit(1);
}

function within(what, promise) {
    const limit = setTimeout(() => fail(`${what}: nothing within ${LIMIT} ms`), LIMIT);
    return promise.finally(() => clearTimeout(limit));
}

const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(url)],
    uri: 'sip:jssip@127.0.0.1',
    register: false,
    session_timers: false,
});

function connected() {
    return new Promise((resolve, reject) => {
        ua.on('connected', resolve);
        ua.on('disconnected', () => reject(new Error('disconnected')));
        ua.start();
    });
}

function options() {
    return new Promise((resolve, reject) => {
        ua.sendOptions(target, null, {
            eventHandlers: {
                succeeded: (event) => resolve(event.response.status_code),
                failed: (event) => reject(new Error(event.cause)),
            },
        });
    });
}

/** A call until it ends; hangs up itself after `seconds` if that is given. */
function call(seconds) {
    return new Promise((resolve, reject) => {
        const session = ua.call(target, {
            mediaStream: noTracks,
            mediaConstraints: { audio: true, video: false },
            eventHandlers: {
                confirmed: () => seconds && setTimeout(() => session.terminate(), seconds * 1000),
                ended: (event) => resolve({ by: event.originator, heard: globalThis.lastConnection.heard }),
                failed: (event) => reject(new Error(`${event.originator} ${event.cause}`)),
            },
        });
    });
}

async function main() {
    await within('connect', connected());
    console.log('connected');
    console.log(`options ${await within('options', options())}`);
    for (const [seconds, by] of [[1, 'local'], [0, 'remote']]) {
        const ended = await within('call', call(seconds));
        console.log(`call ended by ${ended.by} after ${ended.heard} packets`);
        if (ended.by !== by || ended.heard < 25) fail('the call went otherwise');
    }
    ua.stop();
    process.exit(0);
}

main().catch((error) => fail(error.message));
