/* A peer of TLS 1.3 on wolfSSL 5: `wolfssl server|client PORT CERTIFICATE KEY CA [OPTIONS]`
 *
 * The server answers each line as it is; before it answers one that ends in `keys?` it changes its keys, and before one that
 * ends in `who?` it asks for a certificate. The client connects twice, the second time resuming, and says lines each time.
 * OPTIONS are words in one argument: with `retry` the client has no share to begin with, with `keys` it changes its keys
 * between two lines, with `late` it shows its certificate after the handshake.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *options = "";

static int ends(const char *text, int length, const char *with) {
  int n = (int) strlen(with);
  return length >= n && memcmp(text + length - n, with, n) == 0;
}

static void told(WOLFSSL *ssl) {
  WOLFSSL_X509 *peer = wolfSSL_get_peer_certificate(ssl);
  printf("connected %s %s resumed=%d certificate=%d\n", wolfSSL_get_version(ssl), wolfSSL_get_cipher_name(ssl),
         wolfSSL_session_reused(ssl), peer != NULL);
  wolfSSL_X509_free(peer);
}

static void serve(WOLFSSL *ssl) {
  char text[20000];
  int n;
  while ((n = wolfSSL_read(ssl, text, sizeof text)) > 0) {
    if (ends(text, n, "keys?\n")) printf("keys %d\n", wolfSSL_update_keys(ssl));
    if (ends(text, n, "who?\n")) printf("asked %d\n", wolfSSL_request_certificate(ssl));
    wolfSSL_write(ssl, text, n);
  }
}

static void ask(WOLFSSL *ssl, const char *line) {
  char text[100];
  int n, length = 0;
  wolfSSL_write(ssl, line, (int) strlen(line));
  while ((length == 0 || text[length - 1] != '\n') && (n = wolfSSL_read(ssl, text + length, 99 - length)) > 0)
    length += n;
  text[length] = 0;
  printf("answer %s", text);
}

int main(int count, char **args) {
  if (count < 6) return 2;
  int server = strcmp(args[1], "server") == 0, times = server ? 1000 : 2;
  if (count > 6) options = args[6];
  setvbuf(stdout, NULL, _IOLBF, 0);
  wolfSSL_Init();
  WOLFSSL_CTX *context = wolfSSL_CTX_new(server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method());
  wolfSSL_CTX_use_certificate_chain_file(context, args[3]);
  wolfSSL_CTX_use_PrivateKey_file(context, args[4], SSL_FILETYPE_PEM);
  if (wolfSSL_CTX_load_verify_locations(context, args[5], 0) != SSL_SUCCESS) return 2;
  if (server) wolfSSL_CTX_set_verify(context, strstr(options, "late") ? SSL_VERIFY_POST_HANDSHAKE | SSL_VERIFY_PEER : SSL_VERIFY_PEER, 0);
  else if (strstr(options, "late")) wolfSSL_CTX_allow_post_handshake_auth(context);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(args[2])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (server && (bind(listener, (void *) &address, sizeof address) || listen(listener, 8))) return 2;
  if (server) puts("listening");
  WOLFSSL_SESSION *session = NULL;
  for (int i = 0; i < times; i++) {
    int socket_ = server ? accept(listener, 0, 0) : socket(AF_INET, SOCK_STREAM, 0);
    if (!server && connect(socket_, (void *) &address, sizeof address)) return 2;
    WOLFSSL *ssl = wolfSSL_new(context);
    wolfSSL_set_fd(ssl, socket_);
    if (!server && strstr(options, "retry")) wolfSSL_NoKeyShares(ssl);
    if (session) wolfSSL_set_session(ssl, session);
    int n = server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (n != SSL_SUCCESS) printf("failed %d\n", wolfSSL_get_error(ssl, n));
    else {
      told(ssl);
      if (server) serve(ssl);
      else {
        ask(ssl, "one\n");
        if (strstr(options, "keys")) printf("keys %d\n", wolfSSL_update_keys(ssl));
        ask(ssl, "two\n");
        session = wolfSSL_get1_session(ssl);
      }
    }
    wolfSSL_shutdown(ssl);
    wolfSSL_free(ssl);
    close(socket_);
  }
  return 0;
}
