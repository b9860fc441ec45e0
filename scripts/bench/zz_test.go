package main
import ("testing";"context";"path/filepath";"log/slog";"github.com/lifeledger/lifeledger/gateway/projection")
func BenchmarkFill(b *testing.B){
 for range b.N {
  m,err:=projection.Open(context.Background(),projection.Config{SQLite:filepath.Join(b.TempDir(),"x.db"),Log:slog.New(slog.DiscardHandler)})
  if err!=nil{b.Fatal(err)}
  if err:=m.Rebuild(context.Background(),&invented{rows:100000},func(projection.Progress){});err!=nil{b.Fatal(err)}
  m.Close()
 }
}
