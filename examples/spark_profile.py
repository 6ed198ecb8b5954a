"""Concentration, RCEP share and advantage of every exporter and year on a Spark cluster.

    spark-submit --master spark://host:7077 examples/spark_profile.py flows/ profile/

reads a Parquet folder with the columns year, i (exporter, ISO codes), j (market), hs (six digits, text) and usd,
and writes ``structure`` (an exporter and year a row) and ``advantage`` (products with RCA above 1) as Parquet.
Nothing is collected to the driver but the labels of markets and periods; ``python examples/spark_profile.py ...``
runs the same on one machine. The workers need no package of ours: the plan is Spark's own.
"""

import sys

from pyspark.sql import SparkSession

import exportlab as xl


def main(source: str, target: str) -> None:
    spark = SparkSession.builder.appName("exportlab structure profile").getOrCreate()
    table = spark.read.parquet(source)
    flows = xl.flows(
        table, period="year", exporter="i", market="j", product="hs", value="usd", unit="USD", aggregate="sum"
    )
    keys = ["year", "i"]
    markets = xl.measure(flows, ["hhi", "number_active"], over="market", by=["period", "exporter"])
    products = xl.measure(
        flows, {"product_hhi": "hhi", "products": "number_active"}, over="product", by=["period", "exporter"]
    )
    rcep = xl.bloc_share(flows, "RCEP", by=["period", "exporter"]).select(*keys, "bloc_share")
    structure = markets.join(products, keys).join(rcep, keys)
    structure.write.mode("overwrite").parquet(f"{target}/structure")
    advantage = xl.rca(flows, by=["period", "exporter"])
    advantage.where("rca > 1").write.mode("overwrite").parquet(f"{target}/advantage")
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
