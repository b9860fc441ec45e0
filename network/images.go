package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/testnet"
)

type imagesCmd struct {
	Out    string `help:"Directory for the archives and bills of materials." default:"dist" type:"path"`
	Base   string `help:"Build the product's images on this one instead of on nothing: an archive of 'docker save'." type:"existingfile"`
	Fabric bool   `help:"Make the images of Fabric too that a Docker test-network runs, from pinned sources."`
	Couch  bool   `name:"couchdb-stand-in" help:"Make an image, for tests only, that stands in for CouchDB where that cannot be had."`
	NoLoad bool   `help:"Leave Docker alone: only write the archives."`
}

func (i *imagesCmd) Run(ctx context.Context) error {
	root, err := launch.FindRoot()
	if err != nil {
		return err
	}
	m := testnet.Images{Root: root, Dir: i.Out, Base: i.Base, Progress: progress(os.Stdout)}
	if i.Fabric { // said before minutes are spent on what comes first
		if _, err := fabricbin.Busybox(); err != nil {
			return err
		}
	}
	all, err := m.Product(ctx)
	if err != nil {
		return err
	}
	if i.Fabric {
		m.Dir = filepath.Join(i.Out, "fabric")
		more, err := m.Fabric(ctx)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	if i.Couch {
		made, err := m.CouchStandIn(ctx)
		if err != nil {
			return err
		}
		all = append(all, made)
	}
	if i.NoLoad {
		return nil
	}
	if err := testnet.Load(ctx, all); err != nil {
		return err
	}
	fmt.Println("loaded into Docker")
	return nil
}
