// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026 eccops.rapid maintainers

using System;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;

namespace EccopsVerify
{
    /// <summary>Answers every request on this machine as RapidAuth does; it may ask for a client certificate.</summary>
    public sealed class TlsServer : IDisposable
    {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;
        private readonly bool isAsking;
        private volatile int received;
        private volatile string seen = "", problem = "";

        public TlsServer(X509Certificate2 certificate, bool isAsking)
        {
            this.certificate = certificate;
            this.isAsking = isAsking;
            listener.Start();
            Thread thread = new Thread(Serve);
            thread.IsBackground = true;
            thread.Start();
        }

        public int Port { get { return ((IPEndPoint)listener.LocalEndpoint).Port; } }

        /// <summary>Bytes that came through TLS.</summary>
        public int Received { get { return received; } }

        /// <summary>The thumbprint of the client certificate that was shown last.</summary>
        public string Seen { get { return seen; } }

        /// <summary>What went wrong last.</summary>
        public string Problem { get { return problem; } }

        public void Dispose() { listener.Stop(); }

        private void Serve()
        {
            try { while (true) Answer(listener.AcceptTcpClient()); }
            catch (SocketException) { }
        }

        private void Answer(TcpClient client)
        {
            try
            {
                using (client)
                using (SslStream stream = new SslStream(client.GetStream(), false, delegate { return true; }))
                {
                    stream.ReadTimeout = stream.WriteTimeout = 20000;
                    stream.AuthenticateAsServer(certificate, isAsking, SslProtocols.Tls12, false);
                    X509Certificate shown = stream.RemoteCertificate;
                    seen = shown == null ? "" : new X509Certificate2(shown).Thumbprint;
                    received += stream.Read(new byte[8192], 0, 8192);
                    const string body = "{\"AnonId\": \"verify\", \"Status\": \"Uncollected\"}";
                    byte[] answer = Encoding.ASCII.GetBytes(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                        "Content-Length: " + body.Length + "\r\n\r\n" + body);
                    stream.Write(answer, 0, answer.Length);
                }
            }
            catch (Exception failure) { problem = failure.Message; }
        }
    }
}
