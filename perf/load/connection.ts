import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** One kept-alive HTTP connection with at most one request on its way. */
export class Connection {
  private received = '';

  private constructor(
    private readonly socket: Socket,
    private readonly request: string,
  ) {}

  /** @param onAnswer called after each complete answer */
  static open(port: number, onAnswer: (connection: Connection) => void): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const request = `GET /orders HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
      const connection = new Connection(socket, request);
      socket.once('connect', () => resolve(connection));
      socket.once('error', reject);
      socket.on('data', (chunk) => {
        if (connection.take(chunk)) onAnswer(connection);
      });
    });
  }

  send(): void {
    this.socket.write(this.request);
  }

  end(): void {
    this.socket.destroy();
  }

  /** @returns whether the answer is complete */
  private take(chunk: Buffer): boolean {
    this.received += chunk.toString('latin1');
    const head = this.received.indexOf(HEAD_END);
    if (head === -1) return false;
    const [, length] = /content-length: (\d+)/i.exec(this.received) ?? [];
    if (length === undefined) throw new Error(`an answer without a length: ${this.received}`);
    if (this.received.length < head + HEAD_END.length + Number(length)) return false;
    if (!this.received.startsWith('HTTP/1.1 200')) throw new Error(this.received);
    this.received = '';
    return true;
  }
}
