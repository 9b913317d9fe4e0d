import type { Socket } from 'node:net';

/**
 * Maps the sockets that requests come from to their TCP sockets: the same socket, or with TLS the one that node has
 * wrapped. Only a TCP socket can be reset, and it exists before the TLS handshake.
 */
export class Wires {
  private readonly below = new WeakMap<Socket, Socket>();
  /** By remote and local address: equal for both sockets of a connection, and unique among open connections. */
  private readonly byPeer = new Map<string, Socket>();

  add(wire: Socket): void {
    const peer = peerOf(wire);
    this.below.set(wire, wire);
    this.byPeer.set(peer, wire);
    // node handles its errors on the socket that is read, which may be the TLS socket around it
    wire.on('error', () => {});
    wire.once('close', () => this.byPeer.get(peer) === wire && this.byPeer.delete(peer));
  }

  /** Called after a TLS handshake. @returns the TCP socket; undefined if the client has disconnected meanwhile */
  secure(socket: Socket): Socket | undefined {
    const wire = this.byPeer.get(peerOf(socket));
    if (wire === undefined) socket.destroy();
    else this.below.set(socket, wire);
    return wire;
  }

  under(socket: Socket): Socket | undefined {
    return this.below.get(socket);
  }
}

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
