"""Transactions as figures per day: what counts as a sale, and which days are closed."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from tjepa_webtraffic.shop.config import ShopColumns, ShopConfig
from tjepa_webtraffic.shop.domain import Transactions

from tjepa_estimators.errors import ConfigError, DataError, DataQualityWarning

MONDAY = pd.Timestamp("2024-03-04")


def table(rows):
    return pd.DataFrame(rows, columns=["Invoice", "InvoiceDate", "Customer ID", "StockCode", "Quantity", "Price"])


def row(order, day, customer="anna", item="chair", quantity=1, price=10.0):
    return (order, MONDAY + pd.Timedelta(days=day, hours=12), customer, item, quantity, price)


def figures(rows, **settings):
    (series,) = Transactions(rows if isinstance(rows, pd.DataFrame) else table(rows), ShopConfig(**settings)).series()
    return pd.DataFrame(series.values, index=series.index, columns=list(series.channels))


def busy(days, orders=6):
    return [row(f"{day}-{number}", day, customer=f"{number}") for day in days for number in range(orders)]


def test_the_items_of_an_order_are_one_order():
    found = figures([row("1", 0, quantity=2), row("1", 0, item="lamp", price=5.0), row("2", 0, "ben")])
    assert found.iloc[0].to_dict() == {
        "revenue": 35, "units": 4, "orders": 2, "customers": 2, "avg_basket": 17.5, "returns": 0
    }  # fmt: skip


def test_the_order_of_the_rows_does_not_matter():
    random = np.random.default_rng(0)
    rows = table([row(f"{n}", int(random.integers(9)), quantity=int(random.integers(1, 5))) for n in range(60)])
    pd.testing.assert_frame_equal(figures(rows), figures(rows.sample(frac=1, random_state=1)))


def test_returns_and_cancellations_are_counted_apart():
    rows = [row("1", 0), row("C2", 0), row("3", 0, quantity=-2), row("4", 0, quantity=3)]
    found = figures(rows).iloc[0]
    assert (found["orders"], found["revenue"], found["units"], found["returns"]) == (2, 40, 4, 2)


def test_a_negative_amount_is_a_return_too():
    rows = pd.DataFrame({"date": ["2024-03-04"] * 2, "amount": [30.0, -10.0]})
    assert figures(rows).iloc[0].to_dict() == {"revenue": 30, "orders": 1, "avg_basket": 30, "returns": 1}


def test_net_figures_take_off_what_was_returned_on_the_day_of_the_return():
    rows = [row("1", 0, quantity=5), row("2", 1, quantity=5), row("C1", 1, quantity=-2)]
    gross, net = figures(rows), figures(rows, net=True)
    assert (gross["revenue"] - net["revenue"]).tolist() == [0, 20]
    assert (gross["units"] - net["units"]).tolist() == [0, 2]
    pd.testing.assert_series_equal(gross["orders"], net["orders"])


def test_another_mark_of_cancellations_may_be_given():
    rows = [row("1", 0), row("R2", 0), row("C3", 0)]
    assert figures(rows, cancelled="R").iloc[0][["orders", "returns"]].tolist() == [2, 1]
    assert figures(rows, cancelled="").iloc[0][["orders", "returns"]].tolist() == [3, 0]


def test_gifts_and_corrections_of_the_stock_are_left_out():
    rows = [row("1", 0), row("2", 0, price=0.0), row("3", 0, quantity=-50, price=0.0)]
    assert figures(rows).iloc[0][["orders", "units", "returns"]].tolist() == [1, 1, 0]


def test_rows_without_a_number_are_orders_of_their_own():
    rows = table([row("1", 0), row("1", 0, item="lamp"), row(None, 0), row(None, 0, item="lamp")])
    assert figures(rows).iloc[0][["orders", "revenue"]].tolist() == [3, 40]


def test_a_table_may_be_glued_together_from_others():
    part = pd.DataFrame({"date": ["2024-03-04"] * 2, "amount": [10.0, 5.0]})
    assert figures(pd.concat([part, part]))["orders"].tolist() == [4]


def test_guests_are_orders_but_no_customers():
    assert figures([row("1", 0), row("2", 0, customer=None)]).iloc[0][["orders", "customers"]].tolist() == [2, 1]


def test_a_busy_shop_without_a_sale_was_closed():
    found = figures(busy([0, 1, 2, 3, 4, 7, 8, 10, 11]))
    empty = found.index[found.isna().all(axis=1)]
    assert [(day - MONDAY).days for day in empty] == [5, 6, 9]


def test_a_quiet_shop_without_a_sale_sold_nothing():
    found = figures(busy([0, 1, 2, 3, 4, 7, 8, 10, 11], orders=2))
    assert found["orders"].tolist()[9] == 0  # a Wednesday, on which it sells now and then
    assert found[["orders", "revenue", "returns"]].iloc[5:7].isna().all(axis=None)  # weekends, on which it never does
    assert np.isnan(found["avg_basket"].iloc[9])


@pytest.mark.parametrize(("setting", "is_closed"), [(0.0, True), (5.0, False), (float("inf"), False)])
def test_from_how_many_orders_on_an_empty_day_is_closed_is_a_setting(setting, is_closed):
    found = figures(busy([0, 7, 21], orders=2), busy=setting)
    assert np.isnan(found["orders"].iloc[14]) == is_closed


def test_declared_days_are_closed_whatever_the_table_says():
    found = figures(busy([0, 1, 2, 3]), closed=("2024-03-05",))
    assert np.isnan(found["orders"]).tolist() == [False, True, False, False]


def test_what_the_office_books_on_a_closed_day_stays():
    found = figures([*busy([0, 1, 3, 7, 8, 10, 14]), row("C9", 9, quantity=-1)])
    assert found.iloc[9][["orders", "revenue"]].isna().all()
    assert found["returns"].iloc[9] == 1


def test_copies_of_a_row_are_told_and_left_out():
    rows = [*busy([0, 1]), row("0-1", 0, customer="1"), row("0-1", 0, customer="1")]
    with pytest.warns(DataQualityWarning, match="2 duplicates"):
        once = figures(rows)
    with pytest.warns(DataQualityWarning, match="2 duplicates"):
        kept = figures(rows, keep_duplicates=True)
    assert (kept["units"] - once["units"]).tolist() == [2, 0]


def test_equal_rows_without_a_number_of_the_order_are_two_sales():
    rows = pd.DataFrame({"date": ["2024-03-04", "2024-03-04"], "amount": [10.0, 10.0]})
    assert figures(rows).iloc[0][["orders", "revenue"]].tolist() == [2, 20]


def test_a_day_ends_where_the_shop_is():
    rows = pd.DataFrame({"date": ["2024-03-04T23:30:00Z", "2024-03-05T12:00:00Z"], "amount": [1.0, 2.0]})
    assert figures(rows)["revenue"].tolist() == [1, 2]
    assert figures(rows, timezone="Europe/Berlin")["revenue"].tolist() == [3]


def test_a_few_unreadable_rows_are_told_and_left_out():
    rows = table([*busy(range(40)), row("x", 0, price=None)])
    with pytest.warns(DataQualityWarning, match="1 unreadable"):
        assert figures(rows)["orders"].tolist() == [6] * 40


def test_many_unreadable_rows_are_an_error_that_shows_one():
    rows = pd.DataFrame({"date": ["13.03.2024", "14.03.2024", "03.04.2024"], "amount": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match=r"rows of .* cannot be read, the first is \{'date'"):
        figures(rows.assign(date=["2024-03-13", "13 or 14 March", "never"]))


def test_times_that_are_numbers_are_not_guessed():
    with pytest.raises(DataError, match=r"pandas\.to_datetime"):
        figures(pd.DataFrame({"date": [20240304, 20240305], "amount": [1.0, 2.0]}))


def test_an_amount_goes_before_quantity_times_price():
    rows = table([row("1", 0, quantity=3)]).assign(total=27.0)
    assert figures(rows)["revenue"].tolist() == [27]


def test_columns_may_be_named():
    rows = table([row("1", 0), row("1", 0, item="lamp")]).assign(kauf=["x", "y"])
    assert figures(rows, columns=ShopColumns(order="kauf"))["orders"].tolist() == [2]
    with pytest.raises(DataError, match=r"no column 'kaufs' for the order\. Did you mean 'kauf'"):
        figures(rows, columns=ShopColumns(order="kaufs"))


def test_columns_that_cannot_be_guessed_are_asked_for_with_what_there_is():
    with pytest.raises(DataError, match=r"found \{'time': 'day', .*Quantity.*ShopColumns"):
        figures(table([row("1", 0)]).drop(columns="Price").rename(columns={"InvoiceDate": "day"}),
                columns=ShopColumns(time="day"))  # fmt: skip


def test_conversion_is_orders_per_session():
    sessions = pd.Series([40.0, 0.0], index=[MONDAY, MONDAY + pd.Timedelta(days=1)])
    shop = Transactions(table(busy([0, 1, 2])), sessions=sessions)
    assert shop.series()[0].channels[-1] == "conversion"
    np.testing.assert_equal(shop.series()[0].values[:, -1], [6 / 40, np.nan, np.nan])


def test_sessions_must_be_one_number_a_day():
    hourly = pd.Series(1.0, index=pd.date_range(MONDAY, periods=48, freq="h"))
    with pytest.raises(DataError, match="one number for each day"):
        Transactions(table(busy([0, 1, 2])), sessions=hourly).series()


def test_a_file_says_what_a_frame_says(tmp_path):
    rows = table([*busy([0, 1, 2]), row("C1", 2)])
    rows.to_csv(tmp_path / "orders.csv.gz", index=False)
    (frame,), (file,) = Transactions(rows).series(), Transactions(tmp_path / "orders.csv.gz").series()
    np.testing.assert_array_equal(frame.values, file.values)


def test_numbers_of_orders_that_look_like_numbers_at_first_do_no_harm(tmp_path):
    path = tmp_path / "orders.csv"
    lines = [f"{number},2024-03-{4 + number % 20:02d},1,1.5" for number in range(150_000)]
    path.write_text("\n".join(["order_id,date,quantity,price", *lines, "C1,2024-03-05,-1,1.5"]))
    shop = Transactions(path)
    assert (shop.report().sales, shop.report().returns) == (150_000, 1)


def test_the_currency_is_stated():
    assert Transactions(config=ShopConfig(currency="GBP")).info.title.endswith("money in GBP")


def test_the_report_accounts_for_every_row():
    rows = [*busy([0, 1, 2]), row("C1", 2), row("free", 1, price=0.0)]
    report = asdict(Transactions(table(rows)).report())
    assert report.pop("closed_days") == 0
    assert report.pop("rows") == sum(report.values()) == 20


def test_a_table_without_a_sale_is_an_error():
    with pytest.raises(DataError, match="no sale"):
        figures([row("C1", 0), row("2", 0, price=0.0)])


@pytest.mark.parametrize("setting", [{"busy": -1.0}, {"closed": ("Christmas",)}, {"timezone": "Europe/Atlantis"}])
def test_impossible_settings_are_refused(setting):
    with pytest.raises(ConfigError):
        ShopConfig(**setting)
