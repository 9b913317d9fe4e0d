import type { Socket } from 'node:net';

/**
 * The sockets of TCP below those that requests come from: the same, or, where the server has TLS, the ones around which
 * node has put those. Only they can be reset, and they are there before anything is agreed on.
 */
export class Wires {
  private readonly below = new WeakMap<Socket, Socket>();
  /** By who is connected to what, which both sockets of a connection know, and no other two at the same time. */
  private readonly byPeer = new Map<string, Socket>();

  add(wire: Socket): void {
    const peer = peerOf(wire);
    this.below.set(wire, wire);
    this.byPeer.set(peer, wire);
    // node hears of its errors where it is read from, which may be the socket around it
    wire.on('error', () => {});
    wire.once('close', () => this.byPeer.get(peer) === wire && this.byPeer.delete(peer));
  }

  /** A client and the server have agreed: its requests come from here. @returns none if it has hung up meanwhile */
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
