// A peer on Java's JSSE, with every old algorithm let in. It prints one line for each connection.
//
//     java Peer server PORT PROTOCOLS KEYS.p12 TRUST.p12 none|want|need SUITES     answers each line reversed
//     java Peer client PORT PROTOCOLS KEYS.p12|- TRUST.p12 TIMES SUITES [WORDS]    says a line, TIMES times over
//
// PROTOCOLS and SUITES are lists with commas, and SUITES may be `all`. The stores' password is `changeit`.
// The server renegotiates before it answers the line `renegotiate`, or `renegotiate need`, which needs a certificate.
// The client says each of WORDS, a list with commas, hears an answer, and renegotiates where a word says so.
import java.io.*;
import java.net.InetAddress;
import java.security.*;
import java.util.*;
import javax.net.ssl.*;

public class Peer {
  static final char[] PASSWORD = "changeit".toCharArray();

  public static void main(String[] args) throws Exception {
    for (String name : List.of("jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms"))
      Security.setProperty(name, "");
    SSLContext context = SSLContext.getInstance("TLS");
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(args[3].equals("-") ? null : store(args[3]), PASSWORD);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store(args[4]));
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    int port = Integer.parseInt(args[1]);
    String[] protocols = args[2].split(",");
    String[] suites = args[6].equals("all") ? context.getSupportedSSLParameters().getCipherSuites() : args[6].split(",");
    if (args[0].equals("server")) {
      SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
          .createServerSocket(port, 50, InetAddress.getLoopbackAddress());
      listener.setEnabledProtocols(protocols);
      listener.setEnabledCipherSuites(suites);
      listener.setWantClientAuth(args[5].equals("want"));
      if (args[5].equals("need")) listener.setNeedClientAuth(true);
      System.out.println("listening");
      while (true) {
        SSLSocket socket = (SSLSocket) listener.accept();
        try (socket) {
          BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
          report(socket);
          for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.equals("renegotiate need")) socket.setNeedClientAuth(true);
            if (line.startsWith("renegotiate")) socket.startHandshake();
            say(socket, new StringBuilder(line).reverse().toString());
          }
          System.out.println("closed");
        } catch (IOException e) {
          System.out.println("failed " + e.getMessage());
        }
      }
    }
    for (int i = 0; i < Integer.parseInt(args[5]); i++) {
      try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
        socket.setEnabledProtocols(protocols);
        socket.setEnabledCipherSuites(suites);
        report(socket);
        BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
        for (String word : args.length > 7 ? args[7].split(",") : new String[] {"stressed"}) {
          if (word.equals("renegotiate")) socket.startHandshake();
          say(socket, word);
          System.out.println("answer " + in.readLine());
        }
      } catch (IOException e) {
        System.out.println("failed " + e.getMessage());
      }
    }
  }

  static KeyStore store(String file) throws Exception {
    return KeyStore.getInstance(new File(file), PASSWORD);
  }

  static void say(SSLSocket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes());
    socket.getOutputStream().flush();
  }

  /** Handshakes, and tells what came of it. */
  static void report(SSLSocket socket) throws IOException {
    socket.setSoTimeout(10000);
    socket.startHandshake();
    System.out.println("connected " + tell(socket.getSession()));
    socket.addHandshakeCompletedListener(event -> System.out.println("renegotiated " + tell(event.getSession())));
  }

  static String tell(SSLSession session) {
    int certificates = 0;
    try {
      certificates = session.getPeerCertificates().length;
    } catch (SSLPeerUnverifiedException e) {
      // none was shown
    }
    return session.getProtocol() + " " + session.getCipherSuite() + " certificates=" + certificates
        + " session=" + HexFormat.of().formatHex(session.getId());
  }
}
