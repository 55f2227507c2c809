// Verify judges chains as Go's crypto/x509 does: a JSON array of them on standard input, and a line for each on standard
// output, "ok" or the error.
package main

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

type chain struct {
	Roots  [][]byte
	Chain  [][]byte
	Host   string
	Client bool
	Time   int64
}

func pool(ders [][]byte) *x509.CertPool {
	all := x509.NewCertPool()
	for _, der := range ders {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			all.AddCert(certificate)
		}
	}
	return all
}

func judge(one chain) error {
	if len(one.Chain) == 0 {
		return fmt.Errorf("no certificate")
	}
	leaf, err := x509.ParseCertificate(one.Chain[0])
	if err != nil {
		return err
	}
	purpose := x509.ExtKeyUsageServerAuth
	if one.Client {
		purpose = x509.ExtKeyUsageClientAuth
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots:         pool(one.Roots),
		Intermediates: pool(one.Chain[1:]),
		DNSName:       one.Host,
		CurrentTime:   time.Unix(one.Time, 0),
		KeyUsages:     []x509.ExtKeyUsage{purpose},
	})
	return err
}

func main() {
	var chains []chain
	if err := json.NewDecoder(os.Stdin).Decode(&chains); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, one := range chains {
		if err := judge(one); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok")
		}
	}
}
